// SPDX-License-Identifier: Apache-2.0

/// A JSON document in writing: its literals are those of Swift, and keys keep their order.
enum JSONValue: Hashable, Sendable {
  case null
  case flag(Bool)
  case number(Double)
  case text(String)
  case list([JSONValue])
  case object([Entry])

  struct Entry: Hashable, Sendable {
    var key: String
    var value: JSONValue
  }

  /// The document as a file, indented by two.
  var document: String { text(indent: 0) + "\n" }

  private func text(indent: Int) -> String {
    let inner = String(repeating: " ", count: indent + 2)
    let end = "\n" + String(repeating: " ", count: indent)
    switch self {
    case .null: return "null"
    case .flag(let flag): return flag ? "true" : "false"
    case .number(let number):
      return number.rounded() == number ? "\(Int(number))" : "\(number)"
    case .text(let text): return Self.quoted(text)
    case .list(let items):
      if items.isEmpty { return "[]" }
      let lines = items.map { inner + $0.text(indent: indent + 2) }
      return "[\n" + lines.joined(separator: ",\n") + end + "]"
    case .object(let entries):
      if entries.isEmpty { return "{}" }
      let lines = entries.map {
        inner + Self.quoted($0.key) + ": " + $0.value.text(indent: indent + 2)
      }
      return "{\n" + lines.joined(separator: ",\n") + end + "}"
    }
  }

  private static func quoted(_ text: String) -> String {
    var out = "\""
    for character in text {
      switch character {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      default: out.append(character)
      }
    }
    return out + "\""
  }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral,
  ExpressibleByStringInterpolation, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  init(nilLiteral: ()) { self = .null }
  init(booleanLiteral value: Bool) { self = .flag(value) }
  init(integerLiteral value: Int) { self = .number(Double(value)) }
  init(floatLiteral value: Double) { self = .number(value) }
  init(stringLiteral value: String) { self = .text(value) }
  init(arrayLiteral elements: JSONValue...) { self = .list(elements) }
  init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(elements.map { Entry(key: $0.0, value: $0.1) })
  }
}
