// SPDX-License-Identifier: Apache-2.0

/// How the files of `/proc/PID` are written: lines, fields between blanks, decimal numbers.
enum ProcessFile {
  /// Lines without their newline. A last line without one counts.
  static func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)
  }

  /// Fields between any number of blanks and tabs.
  static func fields(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
  }

  /// The line that begins with `name`, without it.
  static func value(of name: StaticString, in bytes: [UInt8]) -> ArraySlice<UInt8>? {
    name.withUTF8Buffer { wanted in
      lines(bytes).first { $0.starts(with: wanted) }?.dropFirst(wanted.count)
    }
  }

  /// A number of decimal digits and nothing else; nil also when it does not fit.
  static func decimal<Number: FixedWidthInteger>(_ text: ArraySlice<UInt8>) -> Number? {
    guard !text.isEmpty else { return nil }
    var number: Number = 0
    for byte in text {
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      let (tens, overflows) = number.multipliedReportingOverflow(by: 10)
      let (sum, overflowsToo) = tens.addingReportingOverflow(Number(byte - 0x30))
      if overflows || overflowsToo { return nil }
      number = sum
    }
    return number
  }

  /// ``decimal(_:)``, or the error that carries the text.
  static func number<Number: FixedWidthInteger>(
    _ text: ArraySlice<UInt8>, _ table: String, _ field: String
  ) throws(DecodeError) -> Number {
    guard let number: Number = decimal(text) else {
      throw .badField(table: table, field: field, text: shown(text))
    }
    return number
  }

  /// Text for people, at most 80 bytes of it; what is not UTF-8 is replaced.
  static func shown(_ text: some Collection<UInt8>) -> String {
    String(decoding: text.prefix(80), as: UTF8.self)
  }
}
