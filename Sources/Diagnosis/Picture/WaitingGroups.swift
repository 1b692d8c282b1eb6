// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Sockets of one owner that wait to be closed for one reason, and that no finding speaks of.
package struct WaitingGroup: Sendable {
  package var owner: Owner
  package var kind: Waiting.Kind
  package var sockets = 0
  package var oldest: Age?
  package var peers: [IPAddress: Int] = [:]

  init(owner: Owner, kind: Waiting.Kind) {
    self.owner = owner
    self.kind = kind
  }

  fileprivate mutating func add(_ row: SocketRow, _ age: Age) {
    sockets += 1
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

  private struct Judged: Hashable {
    var state: TCPState
    var pid: Int32
  }

  /// Sockets without a process, as a finding speaks of them.
  private struct Place: Hashable {
    var namespace: NetnsID
    var state: TCPState
    var port: UInt16
    var isLocal: Bool
  }

  private let judged: Set<Judged>
  private let judgedPlaces: Set<Place>
  /// The accept queues that a finding speaks of.
  private let judgedQueues: Set<Place>
  private var groups: [Key: WaitingGroup] = [:]

  /// - Parameter findings: Those that have ended speak of nothing any more.
  package init(besides findings: [Finding]) {
    let findings = findings.filter { $0.lifecycle != .resolved }
    judged = Set(
      findings.flatMap { finding in
        (finding.turnedDead > 0 ? [finding.state, .close] : [finding.state]).flatMap { state in
          finding.culprits.map { Judged(state: state, pid: $0.process.id.pid) }
        }
      })
    judgedPlaces = Set(
      findings.flatMap { finding in
        [(finding.localPort, true), (finding.remotePort, false)].compactMap { port, isLocal in
          port.map {
            Place(
              namespace: finding.namespace, state: finding.state, port: $0, isLocal: isLocal)
          }
        }
      })
    judgedQueues = Set(
      findings.compactMap { finding in
        let isOfQueue = finding.evidence.contains {
          if case .acceptQueue = $0 { true } else { false }
        }
        guard isOfQueue, let port = finding.localPort else { return nil }
        return Place(namespace: finding.namespace, state: .listen, port: port, isLocal: true)
      })
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
    _ row: SocketRow, _ kind: Waiting.Kind, _ age: Age, _ holding: [Int32],
    otherEnd: SocketRow?, in census: Census
  ) {
    let processes = census.processes
    let records = holding.compactMap { processes[$0] }
    if kind == .unaccepted {
      // What is said of the listener's other sockets is not said of its queue.
      if isQueueJudged(row) { return }
    } else if records.contains(where: { isJudged(row.state, $0.id.pid) })
      || records.isEmpty && isJudgedByPlace(row)
      || otherEnd.map({ isJudged($0, in: census) }) ?? false
    {
      return
    }
    let owner = records.min { $0.id.pid < $1.id.pid }?.owner ?? .nobody
    groups[Key(owner: owner, kind: kind), default: WaitingGroup(owner: owner, kind: kind)]
      .add(row, age)
  }

  /// A descriptor on a dead socket.
  mutating func addDead(_ process: Int32, in processes: ProcessTable) {
    let record = processes[process]
    if let record, isJudged(.close, record.id.pid) { return }
    let owner = record?.owner ?? .nobody
    groups[Key(owner: owner, kind: .dead), default: WaitingGroup(owner: owner, kind: .dead)]
      .sockets += 1
  }

  private func isJudged(_ state: TCPState, _ pid: Int32) -> Bool {
    judged.contains(Judged(state: state, pid: pid))
  }

  /// Whether a finding speaks of the CLOSE_WAIT that a FIN_WAIT2 waits for.
  private func isJudged(_ otherEnd: SocketRow, in census: Census) -> Bool {
    guard otherEnd.state == .closeWait else { return false }
    return census.holders.holders(of: otherEnd.inode).contains { holder in
      census.processes[holder.process].map { isJudged(.closeWait, $0.id.pid) } ?? false
    }
  }

  private func isQueueJudged(_ row: SocketRow) -> Bool {
    judgedQueues.contains(
      Place(namespace: row.namespace, state: .listen, port: row.localPort, isLocal: true))
  }

  private func isJudgedByPlace(_ row: SocketRow) -> Bool {
    [(row.localPort, true), (row.remotePort, false)].contains { port, isLocal in
      judgedPlaces.contains(
        Place(namespace: row.namespace, state: row.state, port: port, isLocal: isLocal))
    }
  }
}
