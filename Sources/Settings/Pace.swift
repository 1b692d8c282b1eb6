// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
package import KernelTables

/// When the next look is due, and what it should read. A function of what earlier turns have cost
/// and shown: no clock of its own.
package struct Pace: Sendable {
  /// What a turn reads.
  package enum LookKind: Hashable, Sendable {
    /// Everything but ESTABLISHED: on most hosts a fraction of the table.
    case cheap
    /// Everything, the openers of new connections, and descriptors on dead sockets.
    case full

    /// How such a turn is to be taken.
    ///
    /// - Parameter newest: The sample before; nil: there was none.
    package func policy(after newest: Sample?) -> Turn.Policy {
      var policy = Turn.Policy()
      let isSmall = newest.map { $0.socketsInUse <= Pace.smallTable } ?? true
      policy.request.states = self == .full || isSmall ? .all : .allButEstablished
      policy.deadSockets =
        self == .full ? .whenChanged(orAfterSeconds: Pace.quietDeadSocketSeconds) : .never
      policy.learnsOpeners = self == .full
      return policy
    }
  }

  /// What a turn has cost and shown.
  package struct Expense: Sendable {
    package var kind: LookKind
    package var startedAt: BootInstant
    package var cpuSeconds: Double
    /// Sockets in CLOSE_WAIT, all namespaces.
    package var closeWait: Int
    /// Sockets that the kernel has allocated and no table shows (`alloc` less `inuse`).
    package var unlisted: Int?
    /// Whether ports run out, and it is not known who opens the connections.
    package var wantsOpener = false

    package init(
      kind: LookKind, startedAt: BootInstant, cpuSeconds: Double, closeWait: Int, unlisted: Int?,
      wantsOpener: Bool = false
    ) {
      self.kind = kind
      self.startedAt = startedAt
      self.cpuSeconds = cpuSeconds
      self.closeWait = closeWait
      self.unlisted = unlisted
      self.wantsOpener = wantsOpener
    }
  }

  /// A rise of CLOSE_WAIT per second that makes looks more frequent. 5: at 15 s between looks it
  /// is 75 sockets that were not there, more than a burst of slow handlers leaves.
  package static let fastGrowth = 5.0
  /// For how long at most, so that a leak that goes on for days does not cost ten times the
  /// processor for days. Three minutes: the patience of the rules and some more.
  package static let longestHurrySeconds = 180.0
  /// Never slower than this, whatever a turn costs: a verdict that is five minutes late is late.
  package static let slowestSeconds = 300.0
  /// Sockets in no table that must appear before a full look is taken early. 10: sockets that are
  /// just being made are in no table either, a few at a time.
  package static let fewestUnlisted = 10

  /// Up to this many connections the table is read whole in every look: it costs under a
  /// millisecond, and no verdict has to be made without ESTABLISHED.
  package static let smallTable = 500
  /// Seconds between two searches of every descriptor table for dead sockets, while the number of
  /// sockets that no table shows stays the same. A dead one adds to it. Five minutes: for those
  /// that come as others go.
  static let quietDeadSocketSeconds = 300.0

  private var settings: SamplingSettings
  /// The newest full turn.
  private var full: Expense?
  /// Processor seconds of a turn, smoothed: one slow turn is no reason to look away.
  private var cost: [LookKind: Double] = [:]
  /// How often the interval is doubled so that cheap turns fit into their half of the budget.
  private var doublings = 0
  private var last: Expense?
  private var hurriedSince: BootInstant?
  private var hasHurriedEnough = false

  package init(_ settings: SamplingSettings) { self.settings = settings }

  /// Takes up other settings, and goes on from what is known.
  package mutating func change(to settings: SamplingSettings) { self.settings = settings }

  /// Takes in a turn.
  package mutating func record(_ turn: Expense) {
    if let last { judgeHurry(turn, after: last) }
    last = turn
    if turn.kind == .full { full = turn }
    let before = cost[turn.kind] ?? turn.cpuSeconds
    cost[turn.kind] = 0.7 * before + 0.3 * turn.cpuSeconds
    fitInterval()
  }

  /// Goes back up at once and down by a step each turn, with some slack: a cost at the edge must
  /// not make the interval flicker.
  private mutating func fitInterval() {
    guard let cost = cost[.cheap] else { return }
    while cost > share(of: doubled(doublings)), doubled(doublings) < Self.slowestSeconds {
      doublings += 1
    }
    if doublings > 0, cost < 0.7 * share(of: doubled(doublings - 1)) { doublings -= 1 }
  }

  private func doubled(_ times: Int) -> Double {
    (0..<times).reduce(settings.interval) { interval, _ in interval * 2 }
  }

  /// What a kind of turn may cost that comes every `interval`: half of the budget each.
  private func share(of interval: Double) -> Double { interval * settings.cpuBudget / 2 }

  /// Seconds that must pass for a turn to fit into its half of the budget.
  private func affordable(_ kind: LookKind) -> Double {
    (cost[kind] ?? 0) / (settings.cpuBudget / 2)
  }

  private mutating func judgeHurry(_ turn: Expense, after last: Expense) {
    let seconds = turn.startedAt.seconds(since: last.startedAt)
    guard seconds > 0 else { return }
    let isGrowing = Double(turn.closeWait - last.closeWait) / seconds >= Self.fastGrowth
    guard isGrowing || turn.wantsOpener else {
      hurriedSince = nil
      hasHurriedEnough = false
      return
    }
    let since = hurriedSince ?? turn.startedAt
    hurriedSince = since
    hasHurriedEnough = turn.startedAt.seconds(since: since) >= Self.longestHurrySeconds
  }

  /// Whether there is a reason for looks that are more frequent than set: CLOSE_WAIT grows fast, or
  /// it is to be learnt who exhausts the ports.
  package enum Hurry: Hashable, Sendable {
    case unneeded, hurried
    /// The reason is still there.
    case hurriedEnough
    case switchedOff
  }

  package var hurry: Hurry {
    if hurriedSince == nil { return .unneeded }
    if hasHurriedEnough { return .hurriedEnough }
    return settings.fastestInterval < settings.interval ? .hurried : .switchedOff
  }

  package var isHurried: Bool { hurry == .hurried }

  /// Whether looks are less frequent than set because a turn costs more than its budget.
  package var isBackedOff: Bool { doublings > 0 }

  /// Seconds between the beginnings of two looks.
  package var intervalSeconds: Double {
    let backedOff = min(doubled(doublings), max(Self.slowestSeconds, settings.interval))
    guard isHurried else { return backedOff }
    return min(backedOff, max(settings.fastestInterval, affordable(.cheap)))
  }

  /// Seconds between the beginnings of two full looks.
  package var fullIntervalSeconds: Double {
    min(
      max(settings.fullInterval, affordable(.full)),
      max(Self.slowestSeconds, settings.fullInterval))
  }

  /// When the next look is due.
  package var dueAt: BootInstant? { last?.startedAt.advanced(bySeconds: intervalSeconds) }

  /// What a look at `now` should read.
  package func kind(at now: BootInstant) -> LookKind {
    guard let full else { return .full }
    let passed = now.seconds(since: full.startedAt)
    // Backed off so far that every look would be full, nobody would learn what a cheap one costs.
    if last?.kind == .full, settings.interval < settings.fullInterval { return .cheap }
    // A timer that fires a moment early must not cost a whole interval.
    if passed >= fullIntervalSeconds - intervalSeconds / 20 { return .full }
    // Descriptors on dead sockets come up: but the budget holds.
    if passed >= affordable(.full), let now = last?.unlisted, let before = full.unlisted,
      now - before >= Self.fewestUnlisted
    {
      return .full
    }
    // Only a full look sees who holds the connections that are living.
    if isHurried, last?.wantsOpener ?? false, passed >= affordable(.full) { return .full }
    return .cheap
  }
}
