// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// A unit, container or program, and all sockets that are charged to it.
package struct OwnerAccount: Hashable, Sendable {
  package var owner: Owner
  /// All its sockets. ESTABLISHED is of the newest sample that read it.
  package var states = StateCounts()
  /// Of these, the ones that should be gone and have outstayed the patience.
  package var stuck = StateCounts()
  /// When the oldest of them entered its state, at the latest.
  package var oldestStuck: BootInstant?
  /// Sockets that should be gone, also those within the patience. Without ``deadSockets``.
  package var waiting = 0
  /// Descriptors on sockets that are in no table, and those of them that outstayed the patience.
  package var deadSockets = 0
  package var stuckDeadSockets = 0
  /// Since when the oldest has waited, a dead one too.
  package var oldestWaiting: Since?
  /// Its processes that have a socket or a dead descriptor in the newest sample.
  package var processes = 0
  /// One of them, as an index into the census' processes; -1: it has none.
  package var firstProcess: Int32 = -1
  /// Of the process nearest to its limit of descriptors: the limit is each process's own, and that
  /// of the one which will hit it first counts.
  package var descriptors: DescriptorUse?

  package init(_ owner: Owner) { self.owner = owner }

  /// Sockets, and descriptors on dead ones.
  package var total: Int { states.total + deadSockets }
  /// Sockets and dead descriptors that wait to be closed, however short.
  package var allWaiting: Int { waiting + deadSockets }
  /// Sockets and dead descriptors that have outstayed the patience.
  package var allStuck: Int { stuck.total + stuckDeadSockets }

  /// Since when, and whether that is the instant or the latest possible one.
  package struct Since: Hashable, Sendable {
    package var at: BootInstant
    package var isExact: Bool

    package func age(at now: BootInstant) -> Age {
      Age(seconds: max(0, now.seconds(since: at)), bound: isExact ? .exact : .atLeast)
    }
  }

  /// Adds what another account has, for the sum of those that are not shown one by one.
  package mutating func add(_ other: OwnerAccount) {
    states += other.states
    stuck += other.stuck
    waiting += other.waiting
    deadSockets += other.deadSockets
    stuckDeadSockets += other.stuckDeadSockets
    processes += other.processes
    oldestStuck = Self.earlier(oldestStuck, other.oldestStuck)
    note(other.oldestWaiting)
  }

  mutating func note(_ since: Since?) {
    guard let since else { return }
    if let oldest = oldestWaiting, oldest.at <= since.at { return }
    oldestWaiting = since
  }

  static func earlier(_ a: BootInstant?, _ b: BootInstant?) -> BootInstant? {
    guard let a, let b else { return a ?? b }
    return min(a, b)
  }
}

extension Sequence where Element == OwnerAccount {
  /// Those with most first; what is equal, by name. The one order of owners.
  package func ordered(by count: (OwnerAccount) -> Int) -> [OwnerAccount] {
    let counted = map { (count: count($0), account: $0) }
    return counted.sorted { a, b in
      a.count != b.count ? a.count > b.count : a.account.owner < b.account.owner
    }.map(\.account)
  }
}

/// How many descriptors a process has open, and its soft limit.
package struct DescriptorUse: Hashable, Sendable {
  package var used: Int
  /// `UInt64.max`: none.
  package var limit: UInt64

  package init(used: Int, limit: UInt64) {
    self.used = used
    self.limit = limit
  }

  /// nil: not both numbers were read.
  package init?(_ process: ProcessRecord) {
    guard let used = process.descriptorCount, let limit = process.descriptorSoftLimit, limit > 0
    else { return nil }
    self.init(used: used, limit: limit)
  }

  package var share: Double { Double(used) / Double(Swift.max(limit, 1)) }
}
