// SPDX-License-Identifier: Apache-2.0

/// Splits the short texts of `/proc` into lines and fields. Not for tables of sockets.
package enum TextFields {
  /// The lines that are not empty, without their ends.
  package static func lines(_ text: [UInt8]) -> [ArraySlice<UInt8>] {
    text.split(separator: UInt8(ascii: "\n"))
  }

  /// The fields of one line, between blanks and tabs.
  package static func fields(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
  }

  /// The fields of a text of one line, without its end.
  package static func fields(of text: [UInt8]) -> [ArraySlice<UInt8>] {
    text.split {
      $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\n")
    }
  }

  /// A field as text, for names and errors: at most 64 bytes of it, repaired where it is no UTF-8.
  package static func text(_ field: ArraySlice<UInt8>) -> String {
    String(decoding: field.prefix(64), as: UTF8.self)
  }

  /// A field as a decimal number.
  ///
  /// - Throws: ``DecodeError/badField(table:field:text:)`` when it is no number or does not fit.
  package static func number<Number: FixedWidthInteger>(
    _ field: ArraySlice<UInt8>, table: String, name: String, as type: Number.Type = Number.self
  ) throws(DecodeError) -> Number {
    guard field.count <= 24, let number = Number(String(decoding: field, as: UTF8.self)) else {
      throw .badField(table: table, field: name, text: text(field))
    }
    return number
  }
}
