// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// ASCII text built in bytes: a table of 50,000 sockets has no time for a `String` per cell.
extension Array where Element == UInt8 {
  /// Appends `value` in decimal.
  mutating func appendDecimal(_ value: some FixedWidthInteger) {
    var rest = value.magnitude
    if value < 0 { append(UInt8(ascii: "-")) }
    let start = count
    repeat {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      append(UInt8(ascii: "0") + UInt8(digit))
      rest = quotient
    } while rest != 0
    self[start...].reverse()
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
