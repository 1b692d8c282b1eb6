// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// Sockets of one owner that wait to be closed and that no finding speaks of.
struct SuspiciousGroup: Sendable {
  /// What the kernel's row says of the reason.
  enum Kind: Int, Sendable {
    case unaccepted, closeWaitData, closeWaitUnread, closeWaitRead, halfClosed, closing, deadSocket

    var words: String {
      switch self {
      case .unaccepted: "in the accept queue, peer gone"
      case .closeWaitData: "in CLOSE_WAIT, data unread (Recv-Q > 1)"
      case .closeWaitUnread: "in CLOSE_WAIT, end of stream unread (Recv-Q 1)"
      case .closeWaitRead: "in CLOSE_WAIT, end of stream taken (Recv-Q 0)"
      case .halfClosed: "in FIN_WAIT2, half-closed by us"
      case .closing: "closing, not acknowledged"
      case .deadSocket: "dead with the descriptor still open"
      }
    }
  }

  var owner: String
  var kind: Kind
  var sockets = 0
  var oldest: Age?
  var peers: [IPAddress: Int] = [:]

  /// `nginx.service: 12 sockets in CLOSE_WAIT, data unread (Recv-Q > 1), oldest 3 min, from ...`.
  func words(_ style: TextStyle) -> String {
    let name = UntrustedText.printable(owner, unicode: style.unicode)
    var text = "\(name): \(Quantity.count(sockets, "socket")) "
    text += kind.words
    if let oldest, oldest.bound != .unknown { text += ", oldest \(Quantity.age(oldest))" }
    let top = peers.sorted { (-$0.value, $0.key) < (-$1.value, $1.key) }.prefix(2)
    if !top.isEmpty {
      text +=
        ", peers "
        + top.map { "\($0.key) (\(Quantity.count($0.value)))" }
        .joined(separator: ", ")
      if peers.count > 2 { text += " and \(Quantity.count(peers.count - 2)) more" }
    }
    return text
  }

  fileprivate mutating func add(_ row: SocketRow, _ age: Age) {
    sockets += 1
    peers[row.remoteAddress, default: 0] += 1
    if age.bound != .unknown, age.seconds > oldest?.seconds ?? -1 { oldest = age }
  }
}

extension SuspiciousGroup.Kind {
  /// nil: nothing is suspicious about this row.
  init?(_ row: SocketRow) {
    switch row.state {
    case .closeWait where row.inode == 0: self = .unaccepted
    case .closeWait:
      switch row.receiveQueue {
      case 0: self = .closeWaitRead
      case 1: self = .closeWaitUnread
      default: self = .closeWaitData
      }
    case .finWait2 where row.inode != 0: self = .halfClosed
    case .finWait1, .lastAck, .closing:
      guard row.retransmits > 0 else { return nil }
      self = .closing
    default: return nil
    }
  }
}

/// Gathers sockets by owner and kind, without those that a finding speaks of.
struct SuspiciousGroups {
  /// Who has a socket.
  struct Process {
    var pid: Int32
    /// nil: it was not read.
    var record: ProcessRecord?
  }

  private struct Key: Hashable {
    var owner: String
    var kind: SuspiciousGroup.Kind
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
  private var groups: [Key: SuspiciousGroup] = [:]

  /// - Parameter findings: Those that have ended speak of nothing any more.
  init(besides findings: [Finding]) {
    let findings = findings.filter { $0.lifecycle != .resolved }
    judged = Set(
      findings.flatMap { finding in
        let hasDead = finding.evidence.contains {
          if case .turnedDead = $0 { true } else { false }
        }
        return (hasDead ? [finding.state, .close] : [finding.state]).flatMap { state in
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
  }

  /// - Parameter processes: Who holds it, or the listener that it waits for.
  mutating func add(
    _ row: SocketRow, _ kind: SuspiciousGroup.Kind, _ age: Age, _ processes: [Process]
  ) {
    if processes.contains(where: { isJudged(row.state, $0.pid) }) { return }
    if processes.isEmpty, isJudgedByPlace(row) { return }
    let owner = Self.owner(processes)
    groups[
      Key(owner: owner, kind: kind), default: SuspiciousGroup(owner: owner, kind: kind)
    ].add(row, age)
  }

  /// A descriptor on a dead socket.
  mutating func addDeadSocket(_ process: Process) {
    guard !isJudged(.close, process.pid) else { return }
    let owner = Self.owner([process])
    groups[
      Key(owner: owner, kind: .deadSocket),
      default: SuspiciousGroup(owner: owner, kind: .deadSocket)
    ].sockets += 1
  }

  /// The groups with most sockets first.
  var sorted: [SuspiciousGroup] {
    groups.values.sorted {
      (-$0.sockets, $0.owner, $0.kind.rawValue) < (-$1.sockets, $1.owner, $1.kind.rawValue)
    }
  }

  private func isJudged(_ state: TCPState, _ pid: Int32) -> Bool {
    judged.contains(Judged(state: state, pid: pid))
  }

  private func isJudgedByPlace(_ row: SocketRow) -> Bool {
    [(row.localPort, true), (row.remotePort, false)].contains { port, isLocal in
      judgedPlaces.contains(
        Place(namespace: row.namespace, state: row.state, port: port, isLocal: isLocal))
    }
  }

  /// The unit, else the container, else the program: what on-call restarts.
  private static func owner(_ processes: [Process]) -> String {
    guard let first = processes.min(by: { $0.pid < $1.pid }) else { return "no holder found" }
    guard let record = first.record else { return "pid \(first.pid)" }
    if let unit = record.unit { return unit }
    if let container = record.container { return "container \(container.prefix(12))" }
    return record.command.isEmpty ? "pid \(first.pid)" : record.command
  }
}
