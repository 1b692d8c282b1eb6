// SPDX-License-Identifier: Apache-2.0

/// Numbers addresses within ranges that belong to nobody. Equal addresses stay equal, different
/// ones different, IPv4 stays IPv4.
///
/// - Loopback (127.0.0.0/8, ::1) and the wildcards stay: the rules look at them.
/// - Link-local addresses stay link-local: 169.254.0.0/16, fe80::/10.
/// - Other IPv4: 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 (RFC 5737, documentation); when
///   these 762 are used up 198.18.0.0/15 (RFC 2544, benchmarks), then 240.0.0.0/4 (RFC 1112).
/// - Other IPv6: 2001:db8::/32 (RFC 3849, documentation).
package struct RedactedAddresses: Sendable {
  private var known: [IPAddress: IPAddress] = [:]
  private var ipv4Count: UInt32 = 0
  private var ipv4LinkLocalCount: UInt32 = 0
  private var ipv6Count: UInt64 = 0
  private var ipv6LinkLocalCount: UInt64 = 0

  package init() {}

  package mutating func redacted(_ address: IPAddress) -> IPAddress {
    if address.isAny || address.isLoopback { return address }
    if let known = known[address] { return known }
    let replacement = next(like: address)
    known[address] = replacement
    return replacement
  }

  private mutating func next(like address: IPAddress) -> IPAddress {
    let ipv4 = UInt32(truncatingIfNeeded: address.low)
    switch address.isIPv4 {
    case true where ipv4 >> 16 == 0xa9fe:
      // The class has 65,536 addresses, so its own can't run out of numbers.
      ipv4LinkLocalCount += 1
      return IPAddress(ipv4: 0xa9fe_0000 | (ipv4LinkLocalCount & 0xffff))
    case true:
      ipv4Count += 1
      return IPAddress(ipv4: Self.ipv4(number: ipv4Count - 1))
    case false where address.high >> 54 == 0xfe80 >> 6:
      ipv6LinkLocalCount += 1
      return IPAddress(high: 0xfe80 << 48, low: ipv6LinkLocalCount)
    case false:
      ipv6Count += 1
      return IPAddress(high: 0x2001_0db8 << 32, low: ipv6Count)
    }
  }

  private static func ipv4(number: UInt32) -> UInt32 {
    let documentation: [UInt32] = [0xc000_0200, 0xc633_6400, 0xcb00_7100]
    if number < 762 { return documentation[Int(number / 254)] + number % 254 + 1 }
    if number < 762 + 131_072 { return 0xc612_0000 + (number - 762) }
    // 2^28 addresses: more than a recording can have rows.
    return 0xf000_0000 | ((number - 762 - 131_072) & 0x0fff_ffff)
  }
}
