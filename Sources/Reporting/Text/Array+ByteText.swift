// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// ASCII text built in bytes: a table of 50,000 sockets has no time for a `String` per cell.
extension Array where Element == UInt8 {
  /// Appends `value` in decimal.
  mutating func appendDecimal(_ value: some FixedWidthInteger) {
    if value < 0 { append(UInt8(ascii: "-")) }
    var rest = UInt64(value.magnitude)
    // 20 digits hold every 64-bit number.
    var digits = 1
    var limit: UInt64 = 10
    while digits < 20, rest >= limit {
      digits += 1
      limit &*= 10
    }
    append(addingCapacity: digits) { piece in
      piece.withUnsafeMutableBufferPointer { place, count in
        for index in stride(from: digits - 1, through: 0, by: -1) {
          let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
          place[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
          rest = quotient
        }
        count = digits
      }
    }
  }

  /// Appends `value` with exactly `decimals` places, rounded half away from zero. No locale, and no
  /// exponent below 10^9.
  mutating func appendFixed(_ value: Double, decimals: Int) {
    let places = Swift.min(Swift.max(decimals, 0), 9)
    let scale = (0..<places).reduce(1 as UInt64) { factor, _ in factor * 10 }
    let scaled = (value.magnitude * Double(scale)).rounded(.toNearestOrAwayFromZero)
    guard scaled < 9e18 else { return append("\(value)") }
    let units = UInt64(scaled)
    if value < 0, units > 0 { append(UInt8(ascii: "-")) }
    appendDecimal(units / scale)
    guard places > 0 else { return }
    append(UInt8(ascii: "."))
    var rest = units % scale
    var place = scale / 10
    while place > 0 {
      append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / place))
      rest %= place
      place /= 10
    }
  }

  /// Appends `address` as dotted decimal or in the form of RFC 5952.
  mutating func append(_ address: IPAddress) {
    guard address.isIPv4 else {
      append(contentsOf: address.description.utf8)
      return
    }
    let bits = UInt32(truncatingIfNeeded: address.low)
    appendDecimal(UInt8(bits >> 24))
    append(UInt8(ascii: "."))
    appendDecimal(UInt8(bits >> 16 & 0xff))
    append(UInt8(ascii: "."))
    appendDecimal(UInt8(bits >> 8 & 0xff))
    append(UInt8(ascii: "."))
    appendDecimal(UInt8(bits & 0xff))
  }

  /// Appends `endpoint` as ss writes it: `192.0.2.1:443`, `[2001:db8::1]:443`, `0.0.0.0:*`.
  mutating func append(_ endpoint: Endpoint) {
    if endpoint.address.isIPv4 {
      append(endpoint.address)
    } else {
      append(UInt8(ascii: "["))
      append(endpoint.address)
      append(UInt8(ascii: "]"))
    }
    append(UInt8(ascii: ":"))
    if endpoint.port == 0 {
      append(UInt8(ascii: "*"))
    } else {
      appendDecimal(endpoint.port)
    }
  }

  mutating func append(_ text: String) { append(contentsOf: text.utf8) }

  mutating func appendSpaces(_ count: Int) {
    if count > 0 { append(contentsOf: repeatElement(UInt8(ascii: " "), count: count)) }
  }
}
