// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Which sockets of one process may be released, and why the others may not.
///
/// Only sockets in CLOSE_WAIT that the process holds by a descriptor, and whose age is known to be
/// at least what was asked for: a lower bound is enough, an unknown age never is.
package struct ReleasePlan: Sendable {
  /// What was asked for.
  package struct Order: Hashable, Sendable {
    package var pid: Int32
    package var olderThanSeconds: Double
    /// The local port, if only one.
    package var port: UInt16?
    /// At most so many, the oldest first.
    package var limit: Int
    /// Whether sockets may go that other processes hold too.
    package var includesShared = false

    package init(pid: Int32, olderThanSeconds: Double, limit: Int) {
      self.pid = pid
      self.olderThanSeconds = olderThanSeconds
      self.limit = limit
    }
  }

  /// One that may go.
  package struct Choice: Hashable, Sendable {
    package var row: SocketRow
    package var age: Age
    /// The references of the process.
    package var holders: [SocketHolder]
    /// The others that hold it too.
    package var others: [ProcessID]
  }

  /// Why one in CLOSE_WAIT stays, in the order in which it is asked.
  package enum Reason: Int, Hashable, Sendable, CaseIterable {
    /// `/proc/net/tcp` knows no cookie, and without it another socket could be hit. Of MPTCP the
    /// kernel can abort none.
    case noCookie
    case otherPort
    /// Known only to an io_uring: cannot be checked again just before.
    case ioUringOnly
    case ageUnknown
    case tooYoung
    case shared
    /// The search for holders was cut short: another process may hold it, too.
    case othersUnknown
    case beyondLimit
  }

  package let order: Order
  /// The process; nil when it was not seen to hold a socket in CLOSE_WAIT.
  package let process: ProcessRecord?
  /// Oldest first.
  package private(set) var choices: [Choice] = []
  package private(set) var staying: [Reason: Int] = [:]
  /// Who holds the shared sockets besides: of those that stay, and of those that go all the same.
  package private(set) var sharers: [ProcessRecord] = []
  /// Whether every process could be looked at: only then is it known that nobody else holds one.
  package let knowsAllHolders: Bool
  /// Whether the search for holders ended at its bound: any socket can have a holder that was not
  /// come to.
  package let wasCutShort: Bool

  /// - Parameters:
  ///   - sample: A look at CLOSE_WAIT at least.
  ///   - report: Every holder of those sockets.
  package init(_ order: Order, sample: Sample, report: HolderReport) {
    self.order = order
    let records = Dictionary(report.processes.map { ($0.id, $0) }, uniquingKeysWith: { a, _ in a })
    process = report.processes.first { $0.id.pid == order.pid }
    knowsAllHolders = report.isComplete && report.gaps.isEmpty
    wasCutShort = report.gaps.contains { $0.kind == .boundReached }
    let holders = Dictionary(grouping: report.holders, by: \.inode)
    var sharing: Set<ProcessID> = []
    for row in sample.sockets where row.state == .closeWait && row.inode != 0 {
      let all = holders[row.inode] ?? []
      let own = all.filter { $0.process.pid == order.pid }
      guard !own.isEmpty else { continue }
      let others = Set(all.map(\.process).filter { $0.pid != order.pid }).sorted()
      let age = row.age(takenAt: sample.takenAt)
      if let reason = reason(toKeep: row, age: age, own: own, others: others) {
        staying[reason, default: 0] += 1
        if reason == .shared { sharing.formUnion(others) }
        continue
      }
      sharing.formUnion(others)
      choices.append(Choice(row: row, age: age, holders: own, others: others))
    }
    // Of one age, the lowest descriptor first: mostly that which was opened first.
    choices.sort { first, second in
      (first.age.seconds, second.holders[0].fd) > (second.age.seconds, first.holders[0].fd)
    }
    if choices.count > order.limit {
      staying[.beyondLimit] = choices.count - order.limit
      choices.removeLast(choices.count - order.limit)
    }
    sharers = sharing.sorted().map { records[$0] ?? ProcessRecord(id: $0) }
  }

  private func reason(
    toKeep row: SocketRow, age: Age, own: [SocketHolder], others: [ProcessID]
  ) -> Reason? {
    if row.cookie == 0 { return .noCookie }
    if let port = order.port, row.localPort != port { return .otherPort }
    if own.allSatisfy({ $0.table == .ioUring }) { return .ioUringOnly }
    if age.bound == .unknown { return .ageUnknown }
    if age.seconds < order.olderThanSeconds { return .tooYoung }
    if order.includesShared { return nil }
    if !others.isEmpty { return .shared }
    return wasCutShort ? .othersUnknown : nil
  }

  /// The choices that are in `shown` too: what a later look still allows of what a person has
  /// agreed to.
  package func choices(agreedIn shown: ReleasePlan) -> [Choice] {
    guard process?.id == shown.process?.id else { return [] }
    let agreed = Dictionary(
      shown.choices.map { ($0.row.cookie, $0) }, uniquingKeysWith: { a, _ in a })
    return choices.filter { choice in
      guard let seen = agreed[choice.row.cookie] else { return false }
      return seen.row.inode == choice.row.inode && Set(choice.others).isSubset(of: seen.others)
    }
  }
}
