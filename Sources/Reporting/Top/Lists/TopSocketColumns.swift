// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The columns of the list of an owner's sockets: a new one is a new element here, and nothing
/// else. What a row of the kernel's table alone says is said by ``SocketColumns``.
enum TopSocketColumns {
  /// From the left.
  static let all: [Column<TopSocketLine>] = [
    state, receiveQueue, sendQueue, local, remote, age, pid, fd, program,
  ]

  static let state = Column<TopSocketLine>(
    screen: "STATE", .init(width: 10),
    order: { line in
      let rank = SocketListing.rank(line.row?.state ?? .close)
      let wait = UInt64(Waiting.stuck.rawValue - line.socket.wait.rawValue)
      return SortKey(wait << 8 | UInt64(rank), oldestFirst(line.socket.age))
    },
    text: { line, _ in
      (
        line.row.map(SocketColumns.state.text) ?? "DEAD",
        line.socket.wait == .stuck ? .warn : .plain
      )
    })

  private static let receiveQueue = Column<TopSocketLine>(
    screen: "RECV-Q", .init(from: 50, width: 7, side: .right),
    order: { SortKey(.max - UInt64($0.row?.receiveQueue ?? 0)) },
    text: { line, _ in (line.row.map { OwnerWords.short(Int($0.receiveQueue)) } ?? "-", .plain) })

  private static let sendQueue = Column<TopSocketLine>(
    screen: "SEND-Q", .init(from: 110, width: 7, side: .right),
    order: { SortKey(.max - UInt64($0.row.flatMap(SocketColumns.knownSendQueue) ?? 0)) },
    text: { line, _ in
      let queue = line.row.flatMap(SocketColumns.knownSendQueue)
      return (queue.map { OwnerWords.short(Int($0)) } ?? "-", .plain)
    })

  private static let local = Column<TopSocketLine>(
    screen: "LOCAL", .init(from: 60, width: 9, grows: 2, most: 47),
    order: { key($0.row?.local) },
    text: { line, _ in (end(line, SocketColumns.local), .plain) })

  static let remote = Column<TopSocketLine>(
    screen: "REMOTE", .init(width: 9, grows: 2, most: 47),
    order: { key($0.row?.remote) },
    text: { line, _ in (end(line, SocketColumns.remote), .plain) })

  private static let age = Column<TopSocketLine>(
    screen: "AGE", .init(width: 8, side: .right),
    order: { SortKey(oldestFirst($0.socket.age)) },
    text: { line, _ in (OwnerWords.age(line.socket.age, unicode: line.unicode), .plain) })

  private static let pid = Column<TopSocketLine>(
    screen: "PID", .init(from: 72, width: 7, side: .right),
    order: { SortKey(UInt64(bitPattern: Int64($0.programs.pid($0.socket.process)))) },
    text: { line, _ in (line.process.map { String($0.id.pid) } ?? "-", .plain) })

  private static let fd = Column<TopSocketLine>(
    screen: "FD", .init(from: 86, width: 6, side: .right),
    order: { SortKey($0.socket.fd < 0 ? .max : UInt64($0.socket.fd)) },
    text: { line, _ in (line.socket.fd < 0 ? "-" : String(line.socket.fd), .plain) })

  private static let program = Column<TopSocketLine>(
    screen: "PROGRAM", .init(from: 100, width: 15, grows: 1, most: 34),
    order: { line in
      let process = line.socket.process
      return SortKey(line.programs.rank(process), UInt64(max(0, line.programs.pid(process))))
    },
    text: { line, _ in (program(line), .plain) })

  /// A dead socket has lost its addresses.
  private static func end(_ line: TopSocketLine, _ column: Column<SocketRow>) -> String {
    line.row.map(column.text) ?? line.deadSocket.map { "socket:[\($0.inode)]" } ?? "-"
  }

  private static func program(_ line: TopSocketLine) -> String {
    guard let process = line.process else {
      return line.row?.inode ?? 0 != 0 ? Owner.unseen.name : "-"
    }
    let name = UntrustedText.printable(process.command, unicode: line.unicode)
    switch line.socket.relation {
    case .holder, .nobody: return name
    case .listener: return name + " (unaccepted)"
    case .opener: return name + " (let go)"
    }
  }

  private static func key(_ endpoint: Endpoint?) -> SortKey {
    guard let endpoint else { return SortKey(.max) }
    return SortKey(endpoint.address.high, endpoint.address.low, UInt32(endpoint.port))
  }

  /// What has no known age comes last.
  private static func oldestFirst(_ age: Age) -> UInt64 {
    age.bound == .unknown ? .max : .max - 1 - UInt64(max(0, age.seconds) * 1000)
  }
}
