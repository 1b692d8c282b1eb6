// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// The columns of `sockets`: a new one is a new element here, and nothing else.
enum SocketColumns {
  /// All of them, in the order of the JSON members.
  static let all: [Column<SocketLine>] =
    [
      Column(json: { $1.member("netns", $0.row.namespace.rawValue) }),
      Column(json: { if let name = $0.namespaceName { $1.member("netns_name", name) } }),
      Column(json: { $1.member("family", $0.row.family.name) }),
    ] + ofRow.map { column in column.of { $0.row } } + [
      Column(json: { $1.member("uid", $0.row.knownUID) }),
      age, holders, listener,
    ]

  /// What a row of the kernel's table alone says, wherever a socket is shown: its addresses, state,
  /// queues and identity.
  static let ofRow: [Column<SocketRow>] = [
    local, remote, state, receiveQueue, sendQueue,
    Column(json: { $1.member("inode", $0.inode) }),
    Column(json: { $1.member("cookie", $0.knowledge.contains(.cookie) ? $0.cookie : nil) }),
  ]

  static let local = Column<SocketRow>(
    json: { $1.member("local", $0.local) },
    cell: .init(
      title: "Local", place: 4, width: 5...21, widestOnOneLine: 48,
      content: .bytes { $1.append($0.local) }))

  static let remote = Column<SocketRow>(
    json: { $1.member("remote", $0.remote) },
    cell: .init(
      title: "Peer", place: 5, width: 4...21, widestOnOneLine: 48,
      content: .bytes { $1.append($0.remote) }))

  static let state = Column<SocketRow>(
    json: { $1.member("state", $0.state.name) },
    cell: .init(
      title: "State", place: 1, width: 10...10,
      content: .bytes { $1.append($0.state == .established ? "ESTAB" : $0.state.name) }))

  private static let receiveQueue = Column<SocketRow>(
    json: { $1.member("recv_q", $0.receiveQueue) },
    cell: .init(
      title: "Recv-Q", place: 2, isNumber: true, width: 6...10,
      content: .bytes { $1.appendDecimal($0.receiveQueue) }))

  private static let sendQueue = Column<SocketRow>(
    json: { $1.member("send_q", knownSendQueue($0)) },
    cell: .init(
      title: "Send-Q", place: 3, isNumber: true, width: 6...10,
      content: .bytes { row, bytes in
        if let queue = knownSendQueue(row) { bytes.appendDecimal(queue) } else { bytes.append("-") }
      }))

  /// Of a listener it is the limit of its accept queue, which not every source knows.
  static func knownSendQueue(_ row: SocketRow) -> UInt32? {
    row.state == .listen && !row.knowledge.contains(.acceptQueueLimit) ? nil : row.sendQueue
  }

  private static let age = Column<SocketLine>(
    json: { $1.member("age", $0.entry.age) },
    cell: .init(
      title: "Age", place: 6, isNumber: true, width: 3...9,
      content: .bytes { $1.append(Quantity.shortAge($0.entry.age)) }))

  private static let holders = Column<SocketLine>(
    json: { line, json in
      json.beginArray("holders")
      for index in line.entry.holders { line.write(line.listing.holders[Int(index)], to: &json) }
      json.endArray()
    },
    cell: .init(
      title: "Process", place: .max, width: 0...0,
      content: .parts { $0.words.words(for: $0.entry, $0.row) }))

  private static let listener = Column<SocketLine>(json: { line, json in
    json.key("listener")
    guard let position = line.entry.listener else { return json.null() }
    let listener = line.listing.listeners[Int(position)]
    json.beginObject()
    json.member("local", listener.local)
    json.beginArray("holders")
    for holder in listener.holders { line.write(holder, to: &json) }
    json.endArray()
    json.endObject()
  })
}
