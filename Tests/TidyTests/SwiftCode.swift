// SPDX-License-Identifier: Apache-2.0

/// Swift source with everything blanked that is not code: comments, the text of string literals
/// (but not what is interpolated) and raw identifiers. Line breaks stay, so that line numbers do.
///
/// A brace or a keyword that is left in ``words`` is one that the compiler sees too.
struct SwiftCode {
  /// A word or one mark of punctuation, and the line it stands on, counted from 1.
  struct Word: Equatable {
    var text: String
    var line: Int
  }

  private(set) var masked: [UInt8] = []
  private let source: [UInt8]
  private var position = 0

  init(_ text: String) {
    source = Array(text.utf8)
    masked.reserveCapacity(source.count)
    takeCode(until: nil)
  }

  /// Whether there is anything but comments.
  var isEmpty: Bool { masked.allSatisfy { $0 == UInt8(ascii: " ") || $0 == newline } }

  /// All words in order. Line breaks are words too: they end a declaration without a body.
  var words: [Word] {
    var words: [Word] = []
    var line = 1
    var current = ""
    for byte in masked {
      let scalar = Unicode.Scalar(byte)
      if scalar.properties.isAlphabetic || scalar == "_" || ("0"..."9").contains(scalar) {
        current.unicodeScalars.append(scalar)
        continue
      }
      if !current.isEmpty { words.append(Word(text: current, line: line)) }
      current = ""
      if byte != UInt8(ascii: " ") { words.append(Word(text: String(scalar), line: line)) }
      if byte == newline { line += 1 }
    }
    if !current.isEmpty { words.append(Word(text: current, line: line)) }
    return words
  }
}

private let newline = UInt8(ascii: "\n")

extension SwiftCode {
  /// Copies code up to the `)` that closes an interpolation, or to the end of the file.
  private mutating func takeCode(until end: UInt8?) {
    var depth = 0
    while position < source.count {
      let byte = source[position]
      if starts(with: "//") {
        blank { !$0.starts(with: "\n") }
      } else if starts(with: "/*") {
        blankNestedComment()
      } else if byte == UInt8(ascii: "`") {
        blank(1)
        blank { !$0.starts(with: "`") && !$0.starts(with: "\n") }
        // A placeholder, so that a declaration keeps a name.
        if position < source.count {
          masked.append(UInt8(ascii: "_"))
          position += 1
        }
      } else if let hashes = openingHashes() {
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
    blank(hashes)
    let quotes = starts(with: "\"\"\"") ? "\"\"\"" : "\""
    blank(quotes.utf8.count)
    let interpolation = "\\" + marks + "("
    while position < source.count {
      if starts(with: quotes + marks) {
        blank(quotes.utf8.count + hashes)
        return
      }
      if starts(with: interpolation) {
        blank(interpolation.utf8.count)
        takeCode(until: UInt8(ascii: ")"))
        blank(1)
      } else if starts(with: "\\" + marks) {
        blank(2 + hashes)
      } else if quotes == "\"" && starts(with: "\n") {
        return
      } else {
        blank(1)
      }
    }
  }

  private mutating func blankNestedComment() {
    var depth = 0
    repeat {
      if starts(with: "/*") { depth += 1 }
      if starts(with: "*/") { depth -= 1 }
      blank(starts(with: "/*") || starts(with: "*/") ? 2 : 1)
    } while depth > 0 && position < source.count
  }

  private func starts(with text: String) -> Bool {
    source[position...].starts(with: text.utf8)
  }

  private mutating func blank(_ count: Int) {
    for byte in source[position...].prefix(count) {
      masked.append(byte == newline ? newline : UInt8(ascii: " "))
    }
    position = min(position + count, source.count)
  }

  private mutating func blank(while condition: (SwiftCode) -> Bool) {
    while position < source.count && condition(self) { blank(1) }
  }
}
