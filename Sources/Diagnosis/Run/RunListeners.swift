// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// The listeners that the newest two looks at a run show: one may have closed since it accepted.
struct RunListeners: Sendable {
  private struct Look {
    let rows: [SocketRow]
    let index: ListenerIndex
  }

  /// The newest first.
  private var looks: [Look] = []

  mutating func take(_ sample: Sample) {
    let rows = sample.sockets.filter { $0.state == .listen }
    looks = [Look(rows: rows, index: ListenerIndex(rows))] + looks.prefix(1)
  }

  /// Whether a connection can have come through one of them.
  func accept(_ row: SocketRow) -> Bool {
    looks.contains { !$0.index.listeners(of: row, in: $0.rows).isEmpty }
  }

  /// Whether its other end, on this host, can.
  func acceptOtherEnd(of row: SocketRow) -> Bool {
    guard row.remoteAddress.isLoopback || row.remoteAddress == row.localAddress else {
      return false
    }
    var other = row
    (other.localAddress, other.localPort) = (row.remoteAddress, row.remotePort)
    return accept(other)
  }
}
