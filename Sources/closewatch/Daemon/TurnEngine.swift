// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import LinuxHost
import Reporting
import Settings

/// One turn of the daemon: look, find holders, judge. The same on a live and on a recorded host.
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
    var unlisted: Int
  }

  /// Up to this many connections the table is read whole in every look: it costs under a
  /// millisecond, and no verdict has to be made without ESTABLISHED.
  static let smallTable = 500
  /// Seconds between two searches of every descriptor table for dead sockets, while the number of
  /// sockets that no table shows stays the same. A dead one adds to it. Five minutes: for those
  /// that come as others go.
  static let quietDeadSocketSeconds = 300.0

  private(set) var watch: Watch
  private var host: any Host
  private var request: SampleRequest
  /// The newest search for dead sockets in every process.
  private var deadSocketSearch: (unlisted: Int, at: BootInstant)?

  init(host: any Host, settings: DaemonSettings) {
    self.host = host
    watch = Watch(settings: settings.rules)
    request = SampleRequest()
    request.source = settings.sampling.source
  }

  /// Takes up other settings, and goes on from what is known.
  mutating func change(to settings: DaemonSettings) {
    request.source = settings.sampling.source
    watch.change(to: settings.rules)
  }

  /// Takes a turn.
  ///
  /// - Throws: ``HostError`` when no table could be read; what is known stays.
  mutating func turn(_ kind: Pace.LookKind) throws(HostError) -> Outcome {
    let began = Clock.monotonicSeconds
    let cpuBegan = Clock.threadSeconds
    request.states = kind == .full || isSmall ? .all : .allButEstablished
    let sample = try host.takeSample(request)
    let unlisted = Self.unlisted(sample)
    let seeksDeadSockets = kind == .full && mayHaveNewDeadSockets(unlisted, at: sample.takenAt)
    if seeksDeadSockets { deadSocketSearch = (unlisted, sample.takenAt) }
    var search = watch.advance(
      with: sample, deadSockets: seeksDeadSockets ? .everywhere : .none, learnOpeners: kind == .full
    )
    // Without ESTABLISHED nobody can tell the dead from the living.
    if !sample.states.contains(.established) { search.deadSockets = .none }
    let report = host.findHolders(search, in: sample)
    watch.attribute(report, to: search)
    let events = watch.judge()
    // The look has a thread of its own, which this thread's clock does not count.
    let cpu = Clock.threadSeconds - cpuBegan + sample.cost.cpuMilliseconds / 1000
    return Outcome(
      kind: kind,
      look: SampleSummary(
        takenAt: sample.takenAt, wallClockSeconds: sample.wallClockSeconds, cost: sample.cost,
        rows: sample.sockets.count),
      events: events, gaps: sample.gaps + report.gaps, cpuSeconds: cpu,
      wallSeconds: Clock.monotonicSeconds - began,
      closeWait: sample.sockets.count { $0.state == .closeWait },
      unlisted: unlisted)
  }

  private func mayHaveNewDeadSockets(_ unlisted: Int, at now: BootInstant) -> Bool {
    // Negative: the kernel has not said how many there are.
    guard let last = deadSocketSearch, unlisted >= 0 else { return true }
    return unlisted != last.unlisted || now.seconds(since: last.at) >= Self.quietDeadSocketSeconds
  }

  private var isSmall: Bool {
    guard let sample = watch.census?.sample else { return true }
    return sample.socketsInUse <= Self.smallTable
  }

  /// `alloc` is of the whole host and counts sockets that were never connected too.
  private static func unlisted(_ sample: Sample) -> Int {
    let allocated = sample.namespaces.first { $0.isOwn }?.sockstat.allocated ?? 0
    return allocated - sample.socketsInUse
  }
}
