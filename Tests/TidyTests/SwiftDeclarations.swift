// SPDX-License-Identifier: Apache-2.0

/// What the tidy rules ask of a Swift file, read from its words without a compiler.
struct SwiftDeclarations: Sendable {
  /// A function, initialiser, subscript or computed property, from its keyword to its last brace.
  struct Body: Equatable, Sendable {
    var name: String
    var line: Int
    var lineCount: Int
  }

  /// Modules by name, for `@testable import struct A.B` too: `A`.
  private(set) var imports: [(module: String, line: Int)] = []
  /// Names of types, in order of declaration; an extension counts.
  private(set) var types: [String] = []
  /// Whether one of them is declared here and not only extended.
  private(set) var declaresType = false
  /// Names of functions at any depth.
  private(set) var functions: [String] = []
  private(set) var bodies: [Body] = []

  private let words: [SwiftCode.Word]

  init(_ code: SwiftCode) {
    words = code.words
    for index in words.indices { read(index) }
  }

  private static let kinds: Set<String> = [
    "struct", "class", "enum", "actor", "protocol", "extension", "typealias",
  ]
  private static let withBody: Set<String> = ["func", "init", "deinit", "subscript", "var"]
  private static let nextDeclaration: Set<String> =
    kinds.union(withBody).union([
      "let", "case", "static", "package", "private", "fileprivate", "internal", "public",
      "mutating", "nonisolated", "import", "associatedtype", "@", "}", "#",
    ])

  private mutating func read(_ index: Int) {
    let word = words[index].text
    let next = index + 1 < words.count ? words[index + 1] : nil
    if word == "import", let next, isStartOfStatement(index) {
      let isKind = Self.kinds.contains(next.text) || ["func", "let", "var"].contains(next.text)
      let module = isKind && index + 2 < words.count ? words[index + 2] : next
      imports.append((module.text, words[index].line))
    } else if Self.kinds.contains(word), let next, isName(next.text), !isMember(index) {
      types.append(next.text)
      if word != "extension" && word != "typealias" { declaresType = true }
    } else if Self.withBody.contains(word), !isMember(index) {
      if word == "func", let next { functions.append(next.text) }
      if let last = lastLineOfBody(index) {
        let line = words[index].line
        let name = ["func", "var"].contains(word) ? next?.text ?? word : word
        bodies.append(Body(name: name, line: line, lineCount: last - line + 1))
      }
    }
  }

  /// Whether only attributes and access words stand before it on its line.
  private func isStartOfStatement(_ index: Int) -> Bool {
    let line = words[index].line
    let before = words[..<index].reversed().prefix { $0.line == line && $0.text != "\n" }
    let allowed: Set<String> = [
      "@", "testable", "preconcurrency", "_exported", "public", "package", "internal",
      "private", "fileprivate",
    ]
    return before.allSatisfy { allowed.contains($0.text) }
  }

  /// Whether it is written after a dot (`self.init`) or is an argument's label (`init:`).
  private func isMember(_ index: Int) -> Bool {
    (index > 0 && words[index - 1].text == ".")
      || (index + 1 < words.count && words[index + 1].text == ":")
  }

  private func isName(_ text: String) -> Bool {
    text.unicodeScalars.first.map { $0.properties.isAlphabetic || $0 == "_" } ?? false
  }

  /// The line of the brace that closes the body of a declaration; nil when it has none.
  private func lastLineOfBody(_ start: Int) -> Int? {
    let endsWithLine = words[start].text == "var"
    var parentheses = 0
    for index in words.indices[start...].dropFirst() {
      let text = words[index].text
      if text == "(" || text == "[" { parentheses += 1 }
      if text == ")" || text == "]" { parentheses -= 1 }
      if parentheses > 0 { continue }
      if parentheses < 0 { return nil }
      if text == "{" { return lineOfClosingBrace(index) }
      if text == "\n" && endsWithLine { return nil }
      if words[index - 1].text == "\n" && Self.nextDeclaration.contains(text) { return nil }
    }
    return nil
  }

  private func lineOfClosingBrace(_ opening: Int) -> Int? {
    var depth = 0
    for word in words[opening...] {
      if word.text == "{" { depth += 1 }
      if word.text == "}" { depth -= 1 }
      if depth == 0 { return word.line }
    }
    return nil
  }
}
