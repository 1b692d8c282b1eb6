// SPDX-License-Identifier: Apache-2.0

/// Swift source with everything blanked that is not code: comments, the text of string literals
/// (but not what is interpolated) and raw identifiers. Line breaks stay, so that line numbers do.
///
/// A brace or a keyword that is left in ``words`` is one that the compiler sees too.
struct SwiftCode: Sendable {
  /// A string literal: its text, with an ellipsis for what is interpolated, and its bytes in the
  /// source.
  struct Literal: Equatable, Sendable {
    var text: String
    var place: Range<Int>
  }

  /// A word or one mark of punctuation, and the line it stands on, counted from 1.
  struct Word: Equatable, Sendable {
    var text: String
    var line: Int
  }

  private(set) var masked: [UInt8] = []
  /// All words in order. Line breaks are words too: they end a declaration without a body.
  private(set) var words: [Word] = []
  /// All string literals in the order of their beginnings; one that is interpolated comes after the
  /// one that it stands in.
  private(set) var literals: [Literal] = []
  let source: [UInt8]
  private var position = 0

  init(_ text: String) {
    source = Array(text.utf8)
    masked.reserveCapacity(source.count)
    takeCode(until: nil)
    words = Self.words(of: masked)
  }

  /// Whether there is anything but comments.
  var isEmpty: Bool { words.allSatisfy { $0.text == "\n" } }

  /// Byte by byte: all that has a meaning in Swift is ASCII.
  private static func words(of masked: [UInt8]) -> [Word] {
    var words: [Word] = []
    var line = 1
    var start = 0
    for (index, byte) in masked.enumerated() where !isLetter(byte) {
      if start < index {
        words.append(Word(text: String(decoding: masked[start..<index], as: UTF8.self), line: line))
      }
      start = index + 1
      if byte != blank { words.append(Word(text: String(Unicode.Scalar(byte)), line: line)) }
      if byte == newline { line += 1 }
    }
    if start < masked.count {
      words.append(Word(text: String(decoding: masked[start...], as: UTF8.self), line: line))
    }
    return words
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
      true
    default: false
    }
  }
}

private let blank = UInt8(ascii: " ")
private let newline = UInt8(ascii: "\n")

extension SwiftCode {
  /// Copies code up to the `)` that closes an interpolation, or to the end of the file.
  private mutating func takeCode(until end: UInt8?) {
    var depth = 0
    while position < source.count {
      let byte = source[position]
      if byte == UInt8(ascii: "/"), starts(with: "//") {
        mask { $0 != newline }
      } else if byte == UInt8(ascii: "/"), starts(with: "/*") {
        maskNestedComment()
      } else if byte == UInt8(ascii: "`") {
        mask(1)
        mask { $0 != UInt8(ascii: "`") && $0 != newline }
        // A placeholder, so that a declaration keeps a name.
        if position < source.count {
          masked.append(UInt8(ascii: "_"))
          position += 1
        }
      } else if byte == UInt8(ascii: "#") || byte == UInt8(ascii: "\""),
        let hashes = openingHashes()
      {
        takeString(hashes: hashes)
      } else {
        if byte == UInt8(ascii: "(") { depth += 1 }
        if byte == UInt8(ascii: ")") {
          if depth == 0 && end == byte { return }
          depth -= 1
        }
        masked.append(byte)
        position += 1
      }
    }
  }

  /// The number of `#` before a string literal that begins here; nil when none begins.
  private func openingHashes() -> Int? {
    var index = position
    while index < source.count && source[index] == UInt8(ascii: "#") { index += 1 }
    guard index < source.count && source[index] == UInt8(ascii: "\"") else { return nil }
    return index - position
  }

  private mutating func takeString(hashes: Int) {
    let marks = String(repeating: "#", count: hashes)
    let start = position
    mask(hashes)
    let quotes = starts(with: "\"\"\"") ? "\"\"\"" : "\""
    mask(quotes.utf8.count)
    let number = literals.count
    literals.append(Literal(text: "", place: start..<start))
    let interpolation = "\\" + marks + "("
    var text: [UInt8] = []
    while position < source.count {
      let byte = source[position]
      if byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte != newline {
        text.append(byte)
        mask(1)
      } else if starts(with: quotes + marks) {
        mask(quotes.utf8.count + hashes)
        break
      } else if starts(with: interpolation) {
        mask(interpolation.utf8.count)
        takeCode(until: UInt8(ascii: ")"))
        mask(1)
        text += Array("…".utf8)
      } else if starts(with: "\\" + marks) {
        text += source[position..<min(position + 2 + hashes, source.count)]
        mask(2 + hashes)
      } else if quotes == "\"" && starts(with: "\n") {
        break
      } else {
        text.append(byte)
        mask(1)
      }
    }
    literals[number] = Literal(
      text: Self.said(String(decoding: text, as: UTF8.self), isOnLines: quotes != "\""),
      place: start..<position)
  }

  /// What the program has of the text of a literal: without the indentation, line ends that are
  /// escaped, and backslashes. Of other escapes the letter is left, which is enough to read it.
  private static func said(_ text: String, isOnLines: Bool) -> String {
    var text = text
    if isOnLines {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst()
      let indent = lines.last?.count ?? 0
      text = lines.dropLast().map { $0.dropFirst(min(indent, $0.prefix { $0 == " " }.count)) }
        .joined(separator: "\n")
    }
    var said = ""
    var isEscaped = false
    for character in text {
      switch (isEscaped, character) {
      case (false, "\\"): isEscaped = true
      case (true, "n"): (said, isEscaped) = (said + "\n", false)
      case (true, "\n"): isEscaped = false
      default: (said, isEscaped) = (said + String(character), false)
      }
    }
    return said
  }

  private mutating func maskNestedComment() {
    var depth = 0
    repeat {
      if starts(with: "/*") { depth += 1 }
      if starts(with: "*/") { depth -= 1 }
      mask(starts(with: "/*") || starts(with: "*/") ? 2 : 1)
    } while depth > 0 && position < source.count
  }

  private func starts(with text: String) -> Bool {
    source[position...].starts(with: text.utf8)
  }

  private mutating func mask(_ count: Int) {
    let end = min(position + count, source.count)
    while position < end {
      masked.append(source[position] == newline ? newline : blank)
      position += 1
    }
  }

  private mutating func mask(while condition: (UInt8) -> Bool) {
    while position < source.count && condition(source[position]) { mask(1) }
  }
}
