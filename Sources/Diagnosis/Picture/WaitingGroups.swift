// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Sockets of one owner that wait to be closed for one reason, and that no finding speaks of.
package struct WaitingGroup: Sendable {
  package var owner: Owner
  package var kind: Waiting.Kind
  package var sockets = 0
  /// Those of them that have waited for longer than the patience.
  package private(set) var stuck = 0
  /// Those of the dead ones that were seen alive, as connections.
  package private(set) var onceAlive = 0
  package var oldest: Age?
  package var peers: [IPAddress: Int] = [:]

  init(owner: Owner, kind: Waiting.Kind) {
    self.owner = owner
    self.kind = kind
  }

  fileprivate mutating func add(_ dead: DeadSocket, isStuck: Bool) {
    sockets += 1
    if isStuck { stuck += 1 }
    if dead.connection != nil { onceAlive += 1 }
  }

  fileprivate mutating func add(_ row: SocketRow, _ age: Age, isStuck: Bool) {
    sockets += 1
    if isStuck { stuck += 1 }
    peers[row.remoteAddress, default: 0] += 1
    if age.bound != .unknown, age.seconds > oldest?.seconds ?? -1 { oldest = age }
  }
}

/// Gathers what waits to be closed by owner and reason, without what a finding speaks of.
package struct WaitingGroups {
  private struct Key: Hashable {
    var owner: Owner
    var kind: Waiting.Kind
  }

  private let told: ToldSockets
  private let pending: ToldSockets
  private var groups: [Key: WaitingGroup] = [:]
  /// What waits and a pending finding speaks of: sockets, and descriptors on dead ones.
  package private(set) var pendingSockets = 0
  package private(set) var pendingDead = 0

  /// - Parameter findings: Those that have ended speak of nothing any more.
  package init(besides findings: [Finding]) {
    told = ToldSockets(findings.filter { $0.lifecycle != .resolved })
    pending = ToldSockets(findings.filter { $0.lifecycle == .pending })
  }

  /// Those with most sockets first.
  package var sorted: [WaitingGroup] {
    groups.values.sorted { a, b in
      if a.sockets != b.sockets { return a.sockets > b.sockets }
      return a.owner != b.owner ? a.owner < b.owner : a.kind.rawValue < b.kind.rawValue
    }
  }

  /// - Parameters:
  ///   - holding: Who holds it, or the listener that it waits for.
  ///   - otherEnd: Its other end, when that is on this host.
  mutating func add(
    _ row: SocketRow, _ kind: Waiting.Kind, _ age: Age, isStuck: Bool, _ holding: [Int32],
    otherEnd: SocketRow?, in census: Census
  ) {
    let processes = census.processes
    let records = holding.compactMap { processes[$0] }
    if pending.has(row, kind, of: records) { pendingSockets += 1 }
    if told.has(row, kind, of: records) { return }
    if kind != .unaccepted, let otherEnd, told.has(otherEnd: otherEnd, in: census) { return }
    let owner =
      records.min { $0.id.pid < $1.id.pid }?.owner
      ?? (census.isHolderHidden(row) ? .unseen : .nobody)
    groups[Key(owner: owner, kind: kind), default: WaitingGroup(owner: owner, kind: kind)]
      .add(row, age, isStuck: isStuck)
  }

  /// A descriptor on a dead socket.
  mutating func add(_ dead: DeadSocket, isStuck: Bool, in processes: ProcessTable) {
    let record = processes[dead.process]
    if let record, pending.has(.close, record.id.pid) { pendingDead += 1 }
    if let record, told.has(.close, record.id.pid) { return }
    let owner = record?.owner ?? .nobody
    groups[Key(owner: owner, kind: .dead), default: WaitingGroup(owner: owner, kind: .dead)]
      .add(dead, isStuck: isStuck)
  }
}
