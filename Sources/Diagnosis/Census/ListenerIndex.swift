// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// The listeners of a sample, found by the port and address of a connection.
package struct ListenerIndex: Sendable {
  private struct Port: Hashable {
    var namespace: NetnsID
    var port: UInt16
  }

  private var rowsByPort: [Port: [Int32]] = [:]

  package init(_ sockets: [SocketRow]) {
    for (index, row) in sockets.enumerated() where row.state == .listen {
      rowsByPort[Port(namespace: row.namespace, port: row.localPort), default: []]
        .append(Int32(index))
    }
  }

  /// Whether anything in this namespace listens on the port.
  package func isListening(port: UInt16, in namespace: NetnsID) -> Bool {
    rowsByPort[Port(namespace: namespace, port: port)] != nil
  }

  /// The listeners that a connection to this local endpoint came through, as row indices of the
  /// sample: the exact address before the IPv4 wildcard before the IPv6 wildcard, as the kernel
  /// scores them (`compute_score()` in inet_hashtables.c). More than one: a SO_REUSEPORT group, of
  /// which the member is not exposed.
  package func listeners(of row: SocketRow, in sockets: [SocketRow]) -> [Int32] {
    let key = Port(namespace: row.namespace, port: row.localPort)
    guard let candidates = rowsByPort[key] else { return [] }
    var best = 0
    var found: [Int32] = []
    for index in candidates {
      let score = Self.score(sockets[Int(index)], for: row)
      if score > best { (best, found) = (score, []) }
      if score == best, score > 0 { found.append(index) }
    }
    return found
  }

  private static func score(_ listener: SocketRow, for row: SocketRow) -> Int {
    if listener.localAddress == row.localAddress { return 3 }
    if listener.localAddress == .anyIPv4, row.localAddress.isIPv4 { return 2 }
    guard listener.localAddress == .anyIPv6 else { return 0 }
    // Where the source does not say (/proc/net/tcp6), it may be open to IPv4.
    let isClosedToIPv4 = listener.knowledge.contains(.ipv6Only) && listener.isIPv6Only
    return isClosedToIPv4 && row.localAddress.isIPv4 ? 0 : 1
  }
}
