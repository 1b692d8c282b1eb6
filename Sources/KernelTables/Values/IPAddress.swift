// SPDX-License-Identifier: Apache-2.0

/// An IPv4 or IPv6 address.
///
/// IPv4 is held in its IPv4-mapped form (`::ffff:192.0.2.1`), so that the two ends of one
/// connection compare equal when one is an `AF_INET` and the other a dual-stack `AF_INET6` socket.
/// Which family the socket itself has is kept in ``SocketRow/family``.
package struct IPAddress: Hashable, Sendable, Comparable {
  /// The first eight bytes, in host byte order.
  package var high: UInt64
  /// The last eight bytes, in host byte order.
  package var low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// - Parameter ipv4: The address in host byte order, `0x7f000001` for 127.0.0.1.
  package init(ipv4: UInt32) {
    self.init(high: 0, low: 0x0000_ffff_0000_0000 | UInt64(ipv4))
  }

  package static let anyIPv4 = IPAddress(ipv4: 0)
  package static let anyIPv6 = IPAddress(high: 0, low: 0)
  package static let loopbackIPv4 = IPAddress(ipv4: 0x7f00_0001)
  package static let loopbackIPv6 = IPAddress(high: 0, low: 1)

  /// Whether this is an IPv4 address (native or mapped).
  package var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }
  /// Whether this is `0.0.0.0` or `::`.
  package var isAny: Bool { self == .anyIPv4 || self == .anyIPv6 }
  /// Whether this is in `127.0.0.0/8`, or `::1`.
  package var isLoopback: Bool {
    self == .loopbackIPv6 || (isIPv4 && (low >> 24) & 0xff == 127)
  }

  package static func < (a: IPAddress, b: IPAddress) -> Bool {
    (a.high, a.low) < (b.high, b.low)
  }
}

extension IPAddress: CustomStringConvertible {
  /// Dotted decimal, or the form of RFC 5952.
  package var description: String {
    if isIPv4 {
      return [24, 16, 8, 0].map { String((low >> $0) & 0xff) }.joined(separator: ".")
    }
    let groups =
      [48, 32, 16, 0].map { (high >> $0) & 0xffff }
      + [48, 32, 16, 0].map { (low >> $0) & 0xffff }
    let zeros = Self.longestZeroRun(in: groups)
    guard zeros.count > 1 else {
      return groups.map { String($0, radix: 16) }.joined(separator: ":")
    }
    let head = groups[..<zeros.lowerBound].map { String($0, radix: 16) }.joined(separator: ":")
    let tail = groups[zeros.upperBound...].map { String($0, radix: 16) }.joined(separator: ":")
    return head + "::" + tail
  }

  private static func longestZeroRun(in groups: [UInt64]) -> Range<Int> {
    var best = 0..<0
    var start = 0
    while start < groups.count {
      var end = start
      while end < groups.count, groups[end] == 0 { end += 1 }
      if end - start > best.count { best = start..<end }
      start = max(end, start + 1)
    }
    return best
  }
}

/// An address and a port: one end of a connection.
package struct Endpoint: Hashable, Sendable, Comparable {
  package var address: IPAddress
  package var port: UInt16

  package init(_ address: IPAddress, _ port: UInt16) {
    self.address = address
    self.port = port
  }

  package static func < (a: Endpoint, b: Endpoint) -> Bool {
    (a.address, a.port) < (b.address, b.port)
  }
}

extension Endpoint: CustomStringConvertible {
  /// `192.0.2.1:443` or `[2001:db8::1]:443`.
  package var description: String {
    address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
  }
}
