// SPDX-License-Identifier: Apache-2.0

/// Finds the texts in JSON, and passes over everything else. What it reads belongs to others: it
/// keeps no tree, does not call itself, and any bytes end in a value or an error.
///
/// Foundation reads JSON too, and would make the command 44 MB larger.
///
/// Source: RFC 8259.
struct JSONTexts {
  /// Values in values: those of runtimes have six.
  private static let deepest = 64
  private static let what = "JSON"

  private struct Level {
    var isObject: Bool
    /// Elements before this one.
    var index = 0
    /// Whether the next text is the name of a member.
    var wantsName: Bool
  }

  private let bytes: [UInt8]
  private var offset = 0
  private var levels: [Level] = []
  private var path: [String] = []

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// - Parameter found: Is told of each text, with the names and indices that lead to it, outermost
  ///   first.
  static func read(
    _ bytes: [UInt8], _ found: (_ path: [String], _ text: String) -> Void
  ) throws(DecodeError) {
    var texts = JSONTexts(bytes)
    try texts.read(found)
  }

  private mutating func read(_ found: ([String], String) -> Void) throws(DecodeError) {
    var isDone = false
    while let byte = next() {
      guard !isDone else { throw bad("end") }
      switch byte {
      case UInt8(ascii: "{"), UInt8(ascii: "["): try open(isObject: byte == UInt8(ascii: "{"))
      case UInt8(ascii: "}"), UInt8(ascii: "]"): try close(isObject: byte == UInt8(ascii: "}"))
      case UInt8(ascii: ","):
        guard var level = levels.popLast() else { throw bad("comma") }
        level.index += 1
        level.wantsName = level.isObject
        levels.append(level)
        path[path.count - 1] = level.isObject ? "" : String(level.index)
      case UInt8(ascii: "\""):
        let text = try text()
        if levels.last?.wantsName == true {
          guard next() == UInt8(ascii: ":") else { throw bad("colon") }
          path[path.count - 1] = text
          levels[levels.count - 1].wantsName = false
        } else {
          found(path, text)
        }
      default: try word(byte)
      }
      isDone = levels.isEmpty
    }
    guard isDone else {
      throw .truncated(what: Self.what, needed: bytes.count + 1, got: bytes.count)
    }
  }

  private mutating func open(isObject: Bool) throws(DecodeError) {
    guard levels.last?.wantsName != true else { throw bad("name") }
    guard levels.count < Self.deepest else { throw bad("depth") }
    levels.append(Level(isObject: isObject, wantsName: isObject))
    path.append(isObject ? "" : "0")
  }

  private mutating func close(isObject: Bool) throws(DecodeError) {
    guard levels.popLast()?.isObject == isObject else { throw bad("bracket") }
    path.removeLast()
  }

  /// A number, `true`, `false` or `null`.
  private mutating func word(_ first: UInt8) throws(DecodeError) {
    let isWord = { (byte: UInt8) in
      (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte) || "+-.E".utf8.contains(byte)
    }
    guard isWord(first), levels.last?.wantsName != true else { throw bad("value") }
    while offset < bytes.count, isWord(bytes[offset]) { offset += 1 }
  }

  /// The next byte that is no blank.
  private mutating func next() -> UInt8? {
    while offset < bytes.count {
      let byte = bytes[offset]
      offset += 1
      if byte != 0x20, byte != 0x0a, byte != 0x0d, byte != 0x09 { return byte }
    }
    return nil
  }

  private mutating func text() throws(DecodeError) -> String {
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
    throw .truncated(what: Self.what, needed: bytes.count + 1, got: bytes.count)
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

  private func bad(_ field: String) -> DecodeError {
    let place = max(0, offset - 1)
    return .badField(
      table: Self.what, field: field, text: ProcessFile.shown(bytes[place...].prefix(20)))
  }
}
