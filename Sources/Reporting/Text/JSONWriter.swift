// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Writes JSON (RFC 8259) into bytes, piece by piece.
///
/// Text that other programs chose (`comm`, unit names) is escaped so that it can neither break the
/// document nor steer a terminal that shows it. 64-bit numbers are written in full: a reader that
/// keeps numbers as doubles must read cookies as text.
package struct JSONWriter {
  /// What was written and not yet taken away.
  package private(set) var bytes: [UInt8] = []
  private var needsComma = false

  package init() {}

  /// Takes away what was written so far, so that a long document need not be held in memory.
  package mutating func drain<E>(_ emit: ([UInt8]) throws(E) -> Void) throws(E) {
    try emit(bytes)
    bytes.removeAll(keepingCapacity: true)
  }

  package mutating func beginObject() { open(UInt8(ascii: "{")) }
  package mutating func endObject() { shut(UInt8(ascii: "}")) }
  package mutating func beginArray() { open(UInt8(ascii: "[")) }
  package mutating func endArray() { shut(UInt8(ascii: "]")) }

  /// A key of this program's own: ASCII, with nothing to escape.
  package mutating func key(_ name: StaticString) {
    let name = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    // In one piece: a listing of 50,000 sockets has a million of them.
    bytes.append(addingCapacity: name.count + 4) { [needsComma] piece in
      piece.withUnsafeMutableBufferPointer { place, count in
        if needsComma {
          place[0] = UInt8(ascii: ",")
          count = 1
        }
        place[count] = UInt8(ascii: "\"")
        _ = place[(count + 1)...].update(fromContentsOf: name)
        count += name.count + 1
        place[count] = UInt8(ascii: "\"")
        place[count + 1] = UInt8(ascii: ":")
        count += 2
      }
    }
    needsComma = false
  }

  /// A key that comes from data, for example the name of a state.
  package mutating func key(named name: String) {
    string(name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  package mutating func string(_ text: String) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    let isWritten = text.utf8.withContiguousStorageIfAvailable { text in
      guard text.allSatisfy(Self.isPlain) else { return false }
      bytes.append(contentsOf: text)
      return true
    }
    if isWritten != true {
      for scalar in text.unicodeScalars { append(escaping: scalar) }
    }
    bytes.append(UInt8(ascii: "\""))
    needsComma = true
  }

  /// Text as bytes from outside: what is not UTF-8 becomes U+FFFD.
  package mutating func string(utf8: some Collection<UInt8>) {
    string(String(decoding: utf8, as: UTF8.self))
  }

  package mutating func integer(_ value: some FixedWidthInteger) {
    separate()
    bytes.appendDecimal(value)
    needsComma = true
  }

  /// A number with at most `decimals` places, no exponent and no trailing zeros: the same on every
  /// machine. What is not finite is `null`.
  package mutating func number(_ value: Double, decimals: Int = 3) {
    guard value.isFinite else { return null() }
    separate()
    let start = bytes.count
    bytes.appendFixed(value, decimals: decimals)
    if bytes[start...].contains(UInt8(ascii: ".")) {
      while bytes.last == UInt8(ascii: "0") { bytes.removeLast() }
      if bytes.last == UInt8(ascii: ".") { bytes.removeLast() }
    }
    needsComma = true
  }

  /// A value that another writer has written.
  package mutating func value(_ written: [UInt8]) {
    separate()
    bytes.append(contentsOf: written)
    needsComma = true
  }

  package mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }
  package mutating func null() { raw("null") }

  /// `value`, or `null`.
  package mutating func integer(orNull value: (some FixedWidthInteger)?) {
    if let value { integer(value) } else { null() }
  }

  /// `text`, or `null`.
  package mutating func string(orNull text: String?) {
    if let text { string(text) } else { null() }
  }

  /// `value`, or `null`.
  package mutating func number(orNull value: Double?, decimals: Int = 3) {
    if let value { number(value, decimals: decimals) } else { null() }
  }

  /// A line feed after the document, as a text file ends.
  package mutating func endLine() { bytes.append(UInt8(ascii: "\n")) }

  mutating func endpoint(_ endpoint: Endpoint) {
    beginObject()
    key("address")
    separate()
    bytes.append(UInt8(ascii: "\""))
    bytes.append(endpoint.address)
    bytes.append(UInt8(ascii: "\""))
    needsComma = true
    key("port")
    // The kernel's 0 stands for none: of a listener's other end, or where it is of no matter.
    if endpoint.port > 0 { integer(endpoint.port) } else { null() }
    endObject()
  }

  private mutating func raw(_ text: String) {
    separate()
    bytes.append(contentsOf: text.utf8)
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
  }

  private mutating func open(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    needsComma = false
  }

  private mutating func shut(_ bracket: UInt8) {
    bytes.append(bracket)
    needsComma = true
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x7f && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  private mutating func append(escaping scalar: Unicode.Scalar) {
    switch scalar {
    case "\"": bytes.append(contentsOf: #"\""#.utf8)
    case "\\": bytes.append(contentsOf: #"\\"#.utf8)
    case "\n": bytes.append(contentsOf: #"\n"#.utf8)
    case "\t": bytes.append(contentsOf: #"\t"#.utf8)
    case "\r": bytes.append(contentsOf: #"\r"#.utf8)
    default:
      guard UntrustedText.isUnsafe(scalar) else {
        bytes.append(contentsOf: String(scalar).utf8)
        return
      }
      // Those above the basic plane (tags) are two escapes in JSON.
      for unit in String(scalar).utf16 {
        let digits = String(unit, radix: 16)
        bytes.append(contentsOf: #"\u"#.utf8)
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 4 - digits.count))
        bytes.append(contentsOf: digits.utf8)
      }
    }
  }
}
