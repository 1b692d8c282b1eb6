// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
import KernelTables
import Settings

/// One alarm that was raised.
package struct Alarm: Sendable {
  package var rule: RuleID
  package var cause: Cause
  /// The activity that it is about, by its port; the owner's name where it has none.
  package var about: String
  package var seed: UInt64
  package var atSeconds: Double
  package var finding: Finding
}

/// A host with a daemon that watches it.
package struct SimulationRun {
  /// When it looks, and at what.
  package enum Looks: Sendable {
    /// At everything, so many seconds after the look before.
    case every(seconds: Double)
    /// As a daemon does that nobody has set anything of.
    case asDaemon
  }

  package let host: SimulatedHost
  package private(set) var watch: Watch
  private let looks: Looks
  private var pace = Pace(DaemonSettings().pace)
  package private(set) var alarms: [Alarm] = []
  package private(set) var ticks = 0
  package private(set) var firings: [String: Int] = [:]
  private let seed: UInt64
  private let start: Double

  package init(_ host: SimulatedHost, seed: UInt64, _ looks: Looks) {
    self.host = host
    self.seed = seed
    self.looks = looks
    start = host.now
    watch = Watch(settings: RuleSettings())
  }

  package var elapsedSeconds: Double { host.now - start }

  /// Forgets all: closewatch itself was restarted.
  package mutating func restartWatch() {
    watch = Watch(settings: RuleSettings())
    pace = Pace(DaemonSettings().pace)
  }

  /// How long it is until the next look.
  package var tickSeconds: Double {
    switch looks {
    case .every(let seconds): seconds
    // One that is overdue, after a suspend, comes at once.
    case .asDaemon: max(0.1, pace.dueAt?.seconds(since: host.bootNow) ?? 0)
    }
  }

  /// Lets time pass, looks, judges.
  package mutating func tick(afterSeconds seconds: Double? = nil) -> [FindingEvent] {
    host.pass(seconds ?? tickSeconds)
    let turn = turn()
    let events = turn.events
    ticks += 1
    for event in events where event.kind != .resolved { note(event) }
    return events
  }

  private mutating func turn() -> Turn {
    var host = host
    do throws(HostError) {
      guard case .asDaemon = looks else { return try watch.take(on: &host) }
      let kind = pace.kind(at: host.bootNow)
      let turn = try watch.take(on: &host, kind.policy(after: watch.census?.sample))
      pace.record(
        Pace.Expense(
          kind: kind, startedAt: host.bootNow, cpuSeconds: Self.cpuSecondsPerTurn,
          closeWait: turn.sample.sockets.count { $0.state == .closeWait },
          unlisted: turn.sample.unlistedSockets, wantsOpener: watch.wantsOpener))
      return turn
    } catch {
      preconditionFailure("a simulated host always answers: \(error)")
    }
  }

  /// What a turn of a daemon costs on a host of some hundred sockets.
  private static let cpuSecondsPerTurn = 0.003

  private mutating func note(_ event: FindingEvent) {
    let finding = event.finding
    if event.kind == .firing { firings[finding.id, default: 0] += 1 }
    guard finding.severity >= .warning else { return }
    let port = finding.localPort ?? finding.remotePort
    let activity = host.activities.first { $0.port == port }
    alarms.append(
      Alarm(
        rule: finding.rule, cause: finding.cause, about: activity?.name ?? finding.owner.name,
        seed: seed, atSeconds: elapsedSeconds, finding: finding))
  }
}

/// A host of harmless life for some days, with what interrupts life: restarts, suspends, gaps of
/// the sampler, jumps of the wall clock, namespaces that go, restarts of closewatch itself.
package struct HarmlessDays {
  package var alarms: [Alarm] = []
  package var days: Double
  /// Days lived through by each kind.
  package var daysByKind: [String: Double] = [:]
  package var mostRemembered = 0

  package init(
    seed: UInt64, days: Double, _ looks: SimulationRun.Looks, only: String? = nil
  ) {
    self.days = days
    let host = SimulatedHost(seed: seed)
    let kinds = HarmlessLife.kinds.filter { only == nil || $0.name == only }
    for _ in 0..<(only == nil ? host.random.integer(5...8) : 1) {
      guard let kind = kinds.randomElement(using: &host.random) else { continue }
      host.add(kind.make(host, kind.name))
      daysByKind[kind.name, default: 0] += days
    }
    var run = SimulationRun(host, seed: seed, looks)
    while run.elapsedSeconds < days * 86400 {
      _ = run.tick(afterSeconds: Self.interrupt(&run))
      mostRemembered = max(mostRemembered, run.watch.census?.connectionCount ?? 0)
    }
    alarms = run.alarms
  }

  /// What happens before the next look, and how long it is until then if not as always.
  private static func interrupt(_ run: inout SimulationRun) -> Double? {
    let host = run.host
    let each = run.tickSeconds / 86400
    if host.random.chance(2 * each), !host.processes.isEmpty {
      host.restart(host.random.integer(0...(host.processes.count - 1)))
    }
    if host.random.chance(0.2 * each) { host.suspend(host.random.spread(60...40000)) }
    if host.random.chance(0.5 * each) { host.jumpWallClock(host.random.uniform(-4000...4000)) }
    if host.random.chance(0.1 * each) { run.restartWatch() }
    if host.random.chance(1 * each) { return host.random.spread(60...3600) }
    return nil
  }
}
