// SPDX-License-Identifier: Apache-2.0

/// Finds the texts in JSON, and passes over everything else: it keeps no tree, and does not call
/// itself.
struct JSONTexts {
  private struct Level {
    var isObject: Bool
    /// Elements before this one.
    var index = 0
    /// Whether the next text is the name of a member.
    var wantsName: Bool
  }

  private var cursor: JSONCursor
  private var levels: [Level] = []
  private var path: [String] = []

  private init(_ bytes: [UInt8]) { cursor = JSONCursor(bytes) }

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
    while let byte = cursor.next() {
      guard !isDone else { throw cursor.bad("end") }
      switch byte {
      case UInt8(ascii: "{"), UInt8(ascii: "["): try open(isObject: byte == UInt8(ascii: "{"))
      case UInt8(ascii: "}"), UInt8(ascii: "]"): try close(isObject: byte == UInt8(ascii: "}"))
      case UInt8(ascii: ","):
        guard var level = levels.popLast() else { throw cursor.bad("comma") }
        level.index += 1
        level.wantsName = level.isObject
        levels.append(level)
        path[path.count - 1] = level.isObject ? "" : String(level.index)
      case UInt8(ascii: "\""):
        let text = try cursor.text()
        if levels.last?.wantsName == true {
          guard cursor.next() == UInt8(ascii: ":") else { throw cursor.bad("colon") }
          path[path.count - 1] = text
          levels[levels.count - 1].wantsName = false
        } else {
          found(path, text)
        }
      default: try word(byte)
      }
      isDone = levels.isEmpty
    }
    guard isDone else { throw cursor.truncated }
  }

  private mutating func open(isObject: Bool) throws(DecodeError) {
    guard levels.last?.wantsName != true else { throw cursor.bad("name") }
    guard levels.count < JSONCursor.deepest else { throw cursor.bad("depth") }
    levels.append(Level(isObject: isObject, wantsName: isObject))
    path.append(isObject ? "" : "0")
  }

  private mutating func close(isObject: Bool) throws(DecodeError) {
    guard levels.popLast()?.isObject == isObject else { throw cursor.bad("bracket") }
    path.removeLast()
  }

  /// A number, `true`, `false` or `null`.
  private mutating func word(_ first: UInt8) throws(DecodeError) {
    let isWord = { (byte: UInt8) in
      (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte) || "+-.E".utf8.contains(byte)
    }
    guard isWord(first), levels.last?.wantsName != true else { throw cursor.bad("value") }
    while cursor.offset < cursor.bytes.count, isWord(cursor.bytes[cursor.offset]) {
      cursor.offset += 1
    }
  }
}
