// SPDX-License-Identifier: Apache-2.0

/// Goes through JSON that belongs to others: blanks and texts. Any bytes end in a value or an
/// error.
///
/// Foundation reads JSON too, and would make a program 44 MB larger.
///
/// Source: RFC 8259.
package struct JSONCursor: Sendable {
  /// Values in values: nobody whose answers are read has more.
  package static let deepest = 64
  private static let what = "JSON"

  package let bytes: [UInt8]
  package var offset = 0

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The next byte that is no blank; it is taken.
  package mutating func next() -> UInt8? {
    skipBlanks()
    guard offset < bytes.count else { return nil }
    defer { offset += 1 }
    return bytes[offset]
  }

  package mutating func skipBlanks() {
    while offset < bytes.count, [0x20, 0x0a, 0x0d, 0x09].contains(bytes[offset]) { offset += 1 }
  }

  /// The rest of a text whose first `"` was taken.
  package mutating func text() throws(DecodeError) -> String {
    let start = offset
    while offset < bytes.count, bytes[offset] != UInt8(ascii: "\""),
      bytes[offset] != UInt8(ascii: "\\")
    {
      offset += 1
    }
    var text = Array(bytes[start..<offset])
    while offset < bytes.count {
      let byte = bytes[offset]
      offset += 1
      if byte == UInt8(ascii: "\"") { return String(decoding: text, as: UTF8.self) }
      if byte == UInt8(ascii: "\\") { try escape(into: &text) } else { text.append(byte) }
    }
    throw truncated
  }

  private static let escapes: [UInt8: UInt8] = [
    UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "\\"): UInt8(ascii: "\\"),
    UInt8(ascii: "/"): UInt8(ascii: "/"), UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12,
    UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9,
  ]

  private mutating func escape(into text: inout [UInt8]) throws(DecodeError) {
    guard offset < bytes.count else { throw bad("escape") }
    let byte = bytes[offset]
    offset += 1
    if let plain = Self.escapes[byte] {
      text.append(plain)
      return
    }
    guard byte == UInt8(ascii: "u") else { throw bad("escape") }
    var unit = try unit()
    // The second half of a pair follows the first.
    if unit & 0xfc00 == 0xd800, bytes[offset...].starts(with: "\\u".utf8) {
      offset += 2
      let low = try self.unit()
      unit = low & 0xfc00 == 0xdc00 ? 0x10000 + (unit & 0x3ff) << 10 + low & 0x3ff : 0xfffd
    }
    text.append(contentsOf: String(Unicode.Scalar(unit) ?? "\u{fffd}").utf8)
  }

  private mutating func unit() throws(DecodeError) -> UInt32 {
    let digits = bytes[offset...].prefix(4)
    guard digits.count == 4, digits.first != UInt8(ascii: "+"),
      let unit = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw bad("escape") }
    offset += 4
    return unit
  }

  package var truncated: DecodeError {
    .truncated(what: Self.what, needed: bytes.count + 1, got: bytes.count)
  }

  /// What was taken last is not what belongs there.
  package func bad(_ field: String) -> DecodeError {
    let place = max(0, offset - 1)
    return .badField(
      table: Self.what, field: field, text: ProcessFile.shown(bytes[place...].prefix(20)))
  }
}
