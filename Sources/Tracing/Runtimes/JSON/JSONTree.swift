// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// What a runtime answers in JSON. It is not to be trusted: depth and size have limits.
enum JSONTree: Hashable, Sendable {
  case null
  case truth(Bool)
  case number(Double)
  case text(String)
  case list([JSONTree])
  case members([String: JSONTree])

  /// - Throws: ``DecodeError`` when it is no JSON, or there is something behind it.
  init(_ bytes: some Collection<UInt8>) throws(DecodeError) {
    var reader = JSONReader(cursor: JSONCursor(Array(bytes)))
    self = try reader.value(depth: 0)
    guard reader.cursor.next() == nil else { throw reader.cursor.bad("end") }
  }

  subscript(name: String) -> JSONTree? {
    if case .members(let members) = self { members[name] } else { nil }
  }

  var text: String? { if case .text(let text) = self { text } else { nil } }

  var list: [JSONTree]? { if case .list(let list) = self { list } else { nil } }

  var truth: Bool? { if case .truth(let truth) = self { truth } else { nil } }

  /// Without what is behind the point; nil also where it is too large.
  var integer: Int? { if case .number(let number) = self { Int(exactly: number) } else { nil } }
}

private struct JSONReader {
  var cursor: JSONCursor

  private mutating func take(_ character: Character) -> Bool {
    let before = cursor.offset
    if let next = cursor.next(), next == character.asciiValue { return true }
    cursor.offset = before
    return false
  }

  private mutating func take(word: String) -> Bool {
    cursor.skipBlanks()
    guard cursor.bytes[cursor.offset...].starts(with: word.utf8) else { return false }
    cursor.offset += word.utf8.count
    return true
  }

  mutating func value(depth: Int) throws(DecodeError) -> JSONTree {
    guard depth < JSONCursor.deepest else { throw cursor.bad("depth") }
    if take("{") { return .members(try members(depth: depth + 1)) }
    if take("[") { return .list(try list(depth: depth + 1)) }
    if take("\"") { return .text(try cursor.text()) }
    if take(word: "null") { return .null }
    if take(word: "true") { return .truth(true) }
    if take(word: "false") { return .truth(false) }
    return .number(try number())
  }

  private mutating func members(depth: Int) throws(DecodeError) -> [String: JSONTree] {
    var members: [String: JSONTree] = [:]
    if take("}") { return members }
    repeat {
      guard take("\"") else { throw cursor.bad("name") }
      let name = try cursor.text()
      guard take(":") else { throw cursor.bad("colon") }
      members[name] = try value(depth: depth)
    } while take(",")
    guard take("}") else { throw cursor.bad("object") }
    return members
  }

  private mutating func list(depth: Int) throws(DecodeError) -> [JSONTree] {
    var list: [JSONTree] = []
    if take("]") { return list }
    repeat { list.append(try value(depth: depth)) } while take(",")
    guard take("]") else { throw cursor.bad("list") }
    return list
  }

  private mutating func number() throws(DecodeError) -> Double {
    let digits = cursor.bytes[cursor.offset...].prefix { "+-.0123456789Ee".utf8.contains($0) }
    guard let number = Double(String(decoding: digits, as: UTF8.self)), number.isFinite else {
      throw cursor.bad("value")
    }
    cursor.offset += digits.count
    return number
  }
}
