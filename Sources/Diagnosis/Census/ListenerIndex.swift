// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// The listeners of a sample, found by the port and address of a connection.
package struct ListenerIndex: Sendable {
  private struct Port: Hashable {
    var namespace: NetnsID
    var port: UInt16
  }

  private struct Place: Hashable {
    var port: Port
    var address: IPAddress
  }

  private var ports: Set<Port> = []
  /// Every listener, as row indices of the sample, in its order.
  package private(set) var all: [Int32] = []
  /// Row indices of the sample, in its order.
  private var rows: [Place: [Int32]] = [:]

  package init(_ sockets: [SocketRow]) {
    for (index, row) in sockets.enumerated() where row.state == .listen {
      let port = Port(namespace: row.namespace, port: row.localPort)
      ports.insert(port)
      all.append(Int32(index))
      rows[Place(port: port, address: row.localAddress), default: []].append(Int32(index))
    }
  }

  /// Whether anything in this namespace listens on the port.
  package func isListening(port: UInt16, in namespace: NetnsID) -> Bool {
    ports.contains(Port(namespace: namespace, port: port))
  }

  /// The listeners that a connection to this local endpoint came through, as row indices of the
  /// sample: the exact address before the IPv4 wildcard before the IPv6 wildcard, as the kernel
  /// scores them (`compute_score()` in inet_hashtables.c). More than one: a SO_REUSEPORT group, of
  /// which the member is not exposed.
  package func listeners(of row: SocketRow, in sockets: [SocketRow]) -> [Int32] {
    let port = Port(namespace: row.namespace, port: row.localPort)
    guard ports.contains(port) else { return [] }
    if let exact = rows[Place(port: port, address: row.localAddress)] { return exact }
    let isIPv4 = row.localAddress.isIPv4
    if isIPv4, let wildcard = rows[Place(port: port, address: .anyIPv4)] { return wildcard }
    let open = rows[Place(port: port, address: .anyIPv6)] ?? []
    return isIPv4 ? open.filter { !Self.isClosedToIPv4(sockets[Int($0)]) } : open
  }

  /// Where the source does not say (/proc/net/tcp6), it may be open to IPv4.
  private static func isClosedToIPv4(_ listener: SocketRow) -> Bool {
    listener.knowledge.contains(.ipv6Only) && listener.isIPv6Only
  }
}
