// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Which connections of a sample have their other end on this host too: all found in one pass.
struct PairIndex: Sendable {
  /// The position of the other end's row, by the position of a row; -1: it is not here.
  private var others: [Int32]

  private static let halfClosed = StateSet(.finWait2, .finWait1, .closeWait)

  init(_ sockets: [SocketRow]) {
    others = [Int32](repeating: -1, count: sockets.count)
    var rows = SlotTable(capacity: sockets.count { Self.halfClosed.contains($0.state) })
    for (index, row) in sockets.enumerated() where Self.halfClosed.contains(row.state) {
      let other = Self.otherEnd(of: row, in: sockets, rows)
      if let other {
        others[index] = other
        if others[Int(other)] < 0 { others[Int(other)] = Int32(index) }
      }
      rows.insert(Int32(index), hash: Self.hash(row.local, row.remote))
    }
  }

  private static func otherEnd(
    of row: SocketRow, in sockets: [SocketRow], _ rows: SlotTable
  ) -> Int32? {
    rows.first(hash(row.remote, row.local)) { areEnds(row, sockets[Int($0)]) }
  }

  /// Whether two are the ends of one connection: in the same namespace, or over a wire that joins
  /// two on this host.
  static func areEnds(_ row: SocketRow, _ other: SocketRow) -> Bool {
    let isLocal = row.localAddress.isLoopback || row.remoteAddress.isLoopback
    return other.local == row.remote && other.remote == row.local
      && (other.namespace == row.namespace || !isLocal)
  }

  private static func hash(_ local: Endpoint, _ remote: Endpoint) -> UInt64 {
    var value = SlotTable.mix(local.address.low ^ UInt64(local.port) << 48)
    value = SlotTable.mix(value ^ remote.address.low ^ UInt64(remote.port) << 48)
    return SlotTable.mix(value ^ local.address.high ^ remote.address.high &* 3)
  }

  /// The row of the other end.
  func otherEnd(of connection: Connection, in census: Census) -> SocketRow? {
    connection.rowIndex < 0 ? nil : otherEnd(at: Int(connection.rowIndex), in: census)
  }

  /// - Parameter position: Of a row in the sample.
  func otherEnd(at position: Int, in census: Census) -> SocketRow? {
    let other = others[position]
    return other < 0 ? nil : census.sample.sockets[Int(other)]
  }

  /// The processes at the other ends.
  func peers(of members: [Connection], in census: Census) -> [Culprit] {
    Self.culprits(members.compactMap { otherEnd(of: $0, in: census) }, in: census)
  }

  /// The same where the other ends know nothing of the close, and are in any state.
  static func unawarePeers(of members: [Connection], in census: Census) -> [Culprit] {
    let closed = Dictionary(
      grouping: members.compactMap(census.row), by: { [$0.remote, $0.local] })
    let others = census.sample.sockets.filter { row in
      closed[[row.local, row.remote]]?.contains { areEnds($0, row) } ?? false
    }
    return culprits(others, in: census)
  }

  private static func culprits(_ others: [SocketRow], in census: Census) -> [Culprit] {
    var counts: [Int32: Int] = [:]
    for other in others where other.inode != 0 {
      // Of one that works, only who had it when it was last looked for is known.
      let process =
        census.holders.first(of: other.inode)?.process ?? census.connection(of: other)?.opener
      if let process, process >= 0 { counts[process, default: 0] += 1 }
    }
    return counts.compactMap { index, sockets in
      census.processes[index].map {
        Culprit($0, role: .peer, sockets: sockets, attribution: .descriptor)
      }
    }
    .sorted { ($1.sockets, $0.process.id) < ($0.sockets, $1.process.id) }
  }
}
