// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Finds the other end of a connection when it is on this host too.
struct PairIndex: Sendable {
  private struct Ends: Hashable {
    var local: Endpoint
    var remote: Endpoint
  }

  private var rows: [Ends: [Int32]] = [:]

  init(_ sockets: [SocketRow]) {
    let states = StateSet(.finWait2, .finWait1, .closeWait)
    for (index, row) in sockets.enumerated() where states.contains(row.state) {
      rows[Ends(local: row.local, remote: row.remote), default: []].append(Int32(index))
    }
  }

  /// The row of the other end: in the same namespace, or over a wire that joins two on this host.
  func otherEnd(of row: SocketRow, in census: Census) -> SocketRow? {
    guard let found = rows[Ends(local: row.remote, remote: row.local)] else { return nil }
    let sockets = census.sample.sockets
    let isLocal = row.localAddress.isLoopback || row.remoteAddress.isLoopback
    return found.lazy.map { sockets[Int($0)] }
      .first { $0.namespace == row.namespace || !isLocal }
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
