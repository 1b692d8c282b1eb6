// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// What a runtime answers in JSON. Foundation's reader would make a program 44 MB larger, and this
/// answer is not to be trusted: depth and size have limits.
enum JSONTree: Hashable, Sendable {
  case null
  case truth(Bool)
  case number(Double)
  case text(String)
  case list([JSONTree])
  case members([String: JSONTree])

  /// Lists and objects within each other: no answer of a runtime has more.
  static let deepest = 64

  /// - Throws: ``DecodeError`` when it is no JSON, or there is something behind it.
  init(_ bytes: some Collection<UInt8>) throws(DecodeError) {
    var reader = JSONReader(bytes: Array(bytes))
    self = try reader.value(depth: 0)
    reader.skipSpace()
    guard reader.place == reader.bytes.count else { throw reader.bad("end") }
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
  let bytes: [UInt8]
  var place = 0

  func bad(_ field: String) -> DecodeError {
    let text = String(decoding: bytes[min(place, bytes.count)...].prefix(20), as: UTF8.self)
    return DecodeError.badField(table: "JSON", field: "\(field) at byte \(place)", text: text)
  }

  private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

  mutating func skipSpace() {
    while let next, [0x20, 0x0a, 0x0d, 0x09].contains(next) { place += 1 }
  }

  private mutating func take(_ character: Character) -> Bool {
    skipSpace()
    guard let next, next == character.asciiValue else { return false }
    place += 1
    return true
  }

  private mutating func take(word: String) -> Bool {
    guard bytes[place...].starts(with: word.utf8) else { return false }
    place += word.utf8.count
    return true
  }

  mutating func value(depth: Int) throws(DecodeError) -> JSONTree {
    guard depth < JSONTree.deepest else { throw bad("depth") }
    if take("{") { return .members(try members(depth: depth + 1)) }
    if take("[") { return .list(try list(depth: depth + 1)) }
    if take("\"") { return .text(try text()) }
    if take(word: "null") { return .null }
    if take(word: "true") { return .truth(true) }
    if take(word: "false") { return .truth(false) }
    return .number(try number())
  }

  private mutating func members(depth: Int) throws(DecodeError) -> [String: JSONTree] {
    var members: [String: JSONTree] = [:]
    if take("}") { return members }
    repeat {
      guard take("\"") else { throw bad("name") }
      let name = try text()
      guard take(":") else { throw bad("colon") }
      members[name] = try value(depth: depth)
    } while take(",")
    guard take("}") else { throw bad("object") }
    return members
  }

  private mutating func list(depth: Int) throws(DecodeError) -> [JSONTree] {
    var list: [JSONTree] = []
    if take("]") { return list }
    repeat { list.append(try value(depth: depth)) } while take(",")
    guard take("]") else { throw bad("list") }
    return list
  }

  private mutating func number() throws(DecodeError) -> Double {
    let digits = bytes[place...].prefix { "+-.0123456789Ee".utf8.contains($0) }
    guard let number = Double(String(decoding: digits, as: UTF8.self)), number.isFinite else {
      throw bad("value")
    }
    place += digits.count
    return number
  }

  private mutating func text() throws(DecodeError) -> String {
    var units: [UInt16] = []
    var plain: [UInt8] = []
    func flush() { units += String(decoding: plain, as: UTF8.self).utf16 }
    while let byte = next {
      place += 1
      switch byte {
      case UInt8(ascii: "\""):
        flush()
        return String(decoding: units, as: UTF16.self)
      case UInt8(ascii: "\\"):
        flush()
        plain = []
        units.append(try escaped())
      default: plain.append(byte)
      }
    }
    throw bad("text")
  }

  private mutating func escaped() throws(DecodeError) -> UInt16 {
    guard let byte = next else { throw bad("escape") }
    place += 1
    switch Character(Unicode.Scalar(byte)) {
    case "\"", "\\", "/": return UInt16(byte)
    case "b": return 8
    case "f": return 12
    case "n": return 10
    case "r": return 13
    case "t": return 9
    case "u":
      let digits = String(decoding: bytes[place...].prefix(4), as: UTF8.self)
      guard digits.utf8.count == 4, let unit = UInt16(digits, radix: 16) else {
        throw bad("escape")
      }
      place += 4
      return unit
    default: throw bad("escape")
    }
  }
}
