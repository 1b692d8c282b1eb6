// SPDX-License-Identifier: Apache-2.0

/// What a cell should have held: `a whole number from 0 to 65535`.
package struct CellError: Error, Hashable, Sendable {
  package var expected: String
  package init(_ expected: String) { self.expected = expected }
}

/// One cell of a recorded table, as ``CellWriter`` wrote it. Untrusted bytes.
package struct Cell {
  package var bytes: ArraySlice<UInt8>

  package init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  /// Whether the cell says "nothing" (`-`).
  package var isAbsent: Bool { bytes.count == 1 && bytes.first == UInt8(ascii: "-") }

  /// The bytes as they stand, for a keyword or an error message.
  package var word: String { String(decoding: bytes, as: UTF8.self) }

  /// A decimal number within `range`, without sign, blank or leading zero.
  package func number<N: FixedWidthInteger>(in range: ClosedRange<N>) throws(CellError) -> N {
    guard let value = Self.decimal(bytes), let number = N(exactly: value),
      range.contains(number)
    else {
      throw CellError("a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// A decimal fraction within `range`.
  package func fraction(in range: ClosedRange<Double>) throws(CellError) -> Double {
    guard bytes.count <= 32, bytes.allSatisfy(Self.isFractionByte), let value = Double(word),
      range.contains(value)
    else {
      throw CellError("a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// Any text.
  package func text() throws(CellError) -> String {
    if word == "\\e" { return "" }
    if word == "\\-" { return "-" }
    guard !bytes.isEmpty, !isAbsent else { throw CellError("text ('\\e' is the empty text)") }
    return try Self.unescape(bytes)
  }

  /// A list of texts, as ``CellWriter/list(_:)`` writes it.
  package func list() throws(CellError) -> [String] {
    if word == "\\0" { return [] }
    var texts: [String] = []
    for part in bytes.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false) {
      texts.append(try Cell(part).text())
    }
    return texts
  }

  private static func decimal(_ bytes: ArraySlice<UInt8>) -> UInt64? {
    guard let first = bytes.first, bytes.count == 1 || first != UInt8(ascii: "0") else {
      return nil
    }
    var value: UInt64 = 0
    for byte in bytes {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      let (tenfold, over) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tenfold.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
      if over || carry { return nil }
      value = sum
    }
    return value
  }

  private static func isFractionByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "e"),
      UInt8(ascii: "-"), UInt8(ascii: "+"):
      true
    default: false
    }
  }

  private static func unescape(_ bytes: ArraySlice<UInt8>) throws(CellError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw CellError("UTF-8 text")
    }
    guard bytes.contains(UInt8(ascii: "\\")) else { return text }
    let scalars = Array(text.unicodeScalars)
    var result = String.UnicodeScalarView()
    var index = 0
    while index < scalars.count {
      if scalars[index] == "\\" {
        result.append(try escaped(in: scalars, at: &index))
      } else {
        result.append(scalars[index])
        index += 1
      }
    }
    return String(result)
  }

  /// The character that the escape at `index` stands for; moves `index` behind it.
  private static func escaped(
    in scalars: [Unicode.Scalar], at index: inout Int
  ) throws(CellError) -> Unicode.Scalar {
    let simple: [Unicode.Scalar: Unicode.Scalar] = [
      "\\": "\\", "t": "\t", "n": "\n", "r": "\r", "s": " ",
    ]
    let kind = index + 1 < scalars.count ? scalars[index + 1] : " "
    if let scalar = simple[kind] {
      index += 2
      return scalar
    }
    let tail = scalars[index...].prefix(12)
    guard kind == "u", let end = tail.firstIndex(of: "}"), tail.count > 3,
      scalars[index + 2] == "{", let value = UInt32(hexadecimal: scalars[(index + 3)..<end]),
      let scalar = Unicode.Scalar(value)
    else {
      throw CellError(#"text with the escapes \\ \t \n \r \s \u{...}"#)
    }
    index = end + 1
    return scalar
  }
}

extension UInt32 {
  /// Lower-case hexadecimal digits and nothing else.
  fileprivate init?(hexadecimal digits: ArraySlice<Unicode.Scalar>) {
    let isPlain = digits.allSatisfy { "0"..."9" ~= $0 || "a"..."f" ~= $0 }
    guard isPlain, let value = UInt32(String(String.UnicodeScalarView(digits)), radix: 16) else {
      return nil
    }
    self = value
  }
}
