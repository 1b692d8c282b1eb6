// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import LinuxHost
import Reporting
import Settings

/// The daemon's turns: what each asks for, and what the outlets and the pace have to know of it.
struct TurnEngine {
  /// What a turn has brought.
  struct Outcome: Sendable {
    var kind: Pace.LookKind
    var look: SampleSummary
    var events: [FindingEvent]
    /// Of the look and the search for holders.
    var gaps: [Gap]
    /// Processor time of the look, the search and the judgement.
    var cpuSeconds: Double
    var wallSeconds: Double

    /// What the pace has to know of it.
    var closeWait: Int
    var unlisted: Int?
    var wantsOpener: Bool
  }

  private(set) var watch: Watch
  private var host: any Host
  private var source: SampleRequest.Source

  init(host: any Host, settings: DaemonSettings) {
    self.host = host
    watch = Watch(settings: settings.rules)
    source = settings.sampling.source
  }

  /// Takes up other settings, and goes on from what is known.
  mutating func change(to settings: DaemonSettings) {
    source = settings.sampling.source
    watch.change(to: settings.rules)
  }

  /// Takes a turn.
  ///
  /// - Throws: ``HostError`` when no table could be read; what is known stays.
  mutating func turn(_ kind: Pace.LookKind) throws(HostError) -> Outcome {
    let began = Clock.monotonicSeconds
    let cpuBegan = Clock.threadSeconds
    var policy = kind.policy(after: watch.census?.sample)
    policy.request.source = source
    policy.deadline = Clock.lookDeadline
    // Also from the allocator, before another process needs as much.
    watch.giveUpRows()
    ReturnedMemory.goesBackNow()
    let turn = try watch.take(on: &host, policy)
    let sample = turn.sample
    // What another process has done for it, this thread's clock does not count.
    let cpu = Clock.threadSeconds - cpuBegan + turn.hostCPUSeconds
    return Outcome(
      kind: kind,
      look: SampleSummary(
        takenAt: sample.takenAt, wallClockSeconds: sample.wallClockSeconds, cost: sample.cost,
        rows: sample.sockets.count),
      events: turn.events, gaps: turn.gaps, cpuSeconds: cpu,
      wallSeconds: Clock.monotonicSeconds - began,
      closeWait: sample.sockets.count { $0.state == .closeWait }
        + sample.leftOut.reduce(0) { $0 + ($1.state == .closeWait ? $1.count : 0) },
      unlisted: sample.unlistedSockets, wantsOpener: watch.wantsOpener)
  }
}
