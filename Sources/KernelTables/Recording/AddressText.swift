// SPDX-License-Identifier: Apache-2.0

/// Reads addresses as ``IPAddress/description`` writes them.
package enum AddressText {
  /// - Parameter text: `192.0.2.1`, `2001:db8::1`, `::`; no zone, no port, no brackets.
  /// - Returns: nil when it is not an address.
  package static func parse(_ text: ArraySlice<UInt8>) -> IPAddress? {
    guard text.count <= 45 else { return nil }
    if !text.contains(UInt8(ascii: ":")) { return ipv4(text).map(IPAddress.init(ipv4:)) }
    return ipv6(text)
  }

  private static func ipv4(_ text: ArraySlice<UInt8>) -> UInt32? {
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var value: UInt32 = 0
    for part in parts {
      guard let byte = try? Cell(part).number(in: 0...UInt8.max) else { return nil }
      value = value << 8 | UInt32(byte)
    }
    return value
  }

  private static func ipv6(_ text: ArraySlice<UInt8>) -> IPAddress? {
    let colon = UInt8(ascii: ":")
    var gap: Int?
    for index in text.indices.dropLast() where text[index] == colon && text[index + 1] == colon {
      if gap != nil { return nil }
      gap = index
    }
    guard let gap else {
      guard let groups = groups(text), groups.count == 8 else { return nil }
      return address(groups)
    }
    guard let head = groups(text[..<gap]), let tail = groups(text[(gap + 2)...]),
      head.count + tail.count < 8
    else { return nil }
    return address(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
  }

  /// The 16-bit groups of a part without `::`.
  private static func groups(_ text: ArraySlice<UInt8>) -> [UInt64]? {
    guard !text.isEmpty else { return [] }
    var groups: [UInt64] = []
    for part in text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
      guard (1...4).contains(part.count) else { return nil }
      var group: UInt64 = 0
      for byte in part {
        guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
        group = group << 4 | UInt64(digit)
      }
      groups.append(group)
    }
    return groups
  }

  private static func address(_ groups: [UInt64]) -> IPAddress {
    IPAddress(
      high: groups[..<4].reduce(0) { $0 << 16 | $1 },
      low: groups[4...].reduce(0) { $0 << 16 | $1 })
  }
}
