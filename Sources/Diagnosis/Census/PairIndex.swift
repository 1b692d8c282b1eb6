// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Finds the other end of a connection when it is on this host too.
struct PairIndex: Sendable {
  /// Positions of rows, by their ends.
  private var rows: SlotTable

  init(_ sockets: [SocketRow]) {
    let states = StateSet(.finWait2, .finWait1, .closeWait)
    rows = SlotTable(capacity: sockets.count { states.contains($0.state) })
    for (index, row) in sockets.enumerated() where states.contains(row.state) {
      rows.insert(Int32(index), hash: Self.hash(row.local, row.remote))
    }
  }

  private static func hash(_ local: Endpoint, _ remote: Endpoint) -> UInt64 {
    var value = SlotTable.mix(local.address.low ^ UInt64(local.port) << 48)
    value = SlotTable.mix(value ^ remote.address.low ^ UInt64(remote.port) << 48)
    return SlotTable.mix(value ^ local.address.high ^ remote.address.high &* 3)
  }

  /// The row of the other end: in the same namespace, or over a wire that joins two on this host.
  func otherEnd(of row: SocketRow, in census: Census) -> SocketRow? {
    let sockets = census.sample.sockets
    let isLocal = row.localAddress.isLoopback || row.remoteAddress.isLoopback
    let found = rows.first(Self.hash(row.remote, row.local)) { position in
      let other = sockets[Int(position)]
      return other.local == row.remote && other.remote == row.local
        && (other.namespace == row.namespace || !isLocal)
    }
    return found.map { sockets[Int($0)] }
  }

  /// The processes at the other ends.
  func peers(of members: [Connection], in census: Census) -> [Culprit] {
    var counts: [Int32: Int] = [:]
    for member in members {
      guard let row = census.row(of: member), let other = otherEnd(of: row, in: census),
        let holder = census.holders.first(of: other.inode)
      else { continue }
      counts[holder.process, default: 0] += 1
    }
    return counts.compactMap { index, sockets in
      census.processes[index].map {
        Culprit($0, role: .peer, sockets: sockets, attribution: .descriptor)
      }
    }
    .sorted { ($1.sockets, $0.process.id) < ($0.sockets, $1.process.id) }
  }
}
