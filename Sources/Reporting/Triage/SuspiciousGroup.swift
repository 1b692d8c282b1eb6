// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// Sockets of one owner that wait to be closed and that no finding speaks of.
struct SuspiciousGroup {
  /// What the kernel's row says of the reason.
  enum Kind: Int {
    case unaccepted, closeWaitData, closeWaitUnread, closeWaitRead, halfClosed, closing, ghost

    var words: String {
      switch self {
      case .unaccepted: "in the accept queue, peer gone"
      case .closeWaitData: "in CLOSE_WAIT, data unread (Recv-Q > 1)"
      case .closeWaitUnread: "in CLOSE_WAIT, end of stream unread (Recv-Q 1)"
      case .closeWaitRead: "in CLOSE_WAIT, end of stream taken (Recv-Q 0)"
      case .halfClosed: "in FIN_WAIT2, half-closed by us"
      case .closing: "closing, not acknowledged"
      case .ghost: "dead with the descriptor still open"
      }
    }
  }

  var owner: String
  var kind: Kind
  var sockets = 0
  var oldest: Age?
  var peers: [IPAddress: Int] = [:]

  private struct Key: Hashable {
    var owner: String
    var kind: Kind
  }

  /// The groups with most sockets first.
  static func groups(in report: TriageReport) -> [SuspiciousGroup] {
    let listing = report.listing
    let judged = Set(
      report.findings.flatMap { finding in
        finding.culprits.map { Judged(state: finding.state, pid: $0.process.id.pid) }
      })
    var groups: [Key: SuspiciousGroup] = [:]
    for entry in listing.entries {
      let row = listing.row(entry)
      guard let kind = kind(of: row) else { continue }
      let pids = pids(of: entry, in: listing)
      if pids.contains(where: { judged.contains(Judged(state: row.state, pid: $0)) }) { continue }
      let owner = owner(pids, listing)
      groups[Key(owner: owner, kind: kind), default: SuspiciousGroup(owner: owner, kind: kind)]
        .add(row, entry.age)
    }
    for ghost in listing.ghosts
    where !judged.contains(Judged(state: .close, pid: ghost.process.pid)) {
      let owner = owner([ghost.process.pid], listing)
      groups[Key(owner: owner, kind: .ghost), default: SuspiciousGroup(owner: owner, kind: .ghost)]
        .sockets += 1
    }
    return groups.values.sorted {
      (-$0.sockets, $0.owner, $0.kind.rawValue) < (-$1.sockets, $1.owner, $1.kind.rawValue)
    }
  }

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

  private struct Judged: Hashable {
    var state: TCPState
    var pid: Int32
  }

  private mutating func add(_ row: SocketRow, _ age: Age) {
    sockets += 1
    peers[row.remoteAddress, default: 0] += 1
    if age.bound != .unknown, age.seconds > oldest?.seconds ?? -1 { oldest = age }
  }

  private static func kind(of row: SocketRow) -> Kind? {
    switch row.state {
    case .closeWait:
      if row.inode == 0 { return .unaccepted }
      switch row.receiveQueue {
      case 0: return .closeWaitRead
      case 1: return .closeWaitUnread
      default: return .closeWaitData
      }
    case .finWait2: return row.inode == 0 ? nil : .halfClosed
    case .finWait1, .lastAck, .closing: return row.retransmits > 0 ? .closing : nil
    default: return nil
    }
  }

  private static func pids(of entry: SocketListing.Entry, in listing: SocketListing) -> [Int32] {
    if let listener = entry.listener {
      return listing.listeners[Int(listener)].holders.map(\.process.pid)
    }
    return entry.holders.map { listing.holders[Int($0)].process.pid }
  }

  /// The unit, else the container, else the program: what on-call restarts.
  private static func owner(_ pids: [Int32], _ listing: SocketListing) -> String {
    guard let pid = pids.min() else { return "no holder found" }
    guard let process = listing.processes[pid] else { return "pid \(pid)" }
    if let unit = process.unit { return unit }
    if let container = process.container { return "container \(container.prefix(12))" }
    return process.command.isEmpty ? "pid \(pid)" : process.command
  }
}
