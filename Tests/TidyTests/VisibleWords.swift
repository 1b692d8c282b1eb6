// SPDX-License-Identifier: Apache-2.0

/// Every text in the source that a person can come to see, file by file: sentences, headings and
/// messages. `Tests/Fixtures/words.txt` has them as they have been read; a new one shows in a diff.
enum VisibleWords {
  static let path = "Tests/Fixtures/words.txt"

  static func list(of tree: SourceTree) -> String {
    let parts = tree.below("Sources").filter { $0.isSwift && !isDrawing($0) }.compactMap { file in
      let texts = texts(in: file.code).filter(isWords)
      return texts.isEmpty
        ? nil
        : "## \(file.path.dropFirst("Sources/".count))\n"
          + texts.map { "- " + $0.split(separator: "\n").joined(separator: "\n  ") + "\n" }.joined()
    }
    return parts.joined(separator: "\n")
  }

  /// The style sheet has no words.
  private static func isDrawing(_ file: SourceFile) -> Bool { file.name == "StatusStyle.swift" }

  /// The literals; those that `+` joins are one text.
  private static func texts(in code: SwiftCode) -> [String] {
    var texts: [String] = []
    // Where the last one is that stands in no other.
    var last = 0
    var end = 0
    for literal in code.literals {
      guard literal.place.lowerBound >= end else {
        texts.append(literal.text)
        continue
      }
      let joint = code.source[end..<literal.place.lowerBound].filter { !" \n".utf8.contains($0) }
      end = literal.place.upperBound
      if !texts.isEmpty, joint == [UInt8(ascii: "+")] {
        texts[last] += literal.text
      } else {
        last = texts.count
        texts.append(literal.text)
      }
    }
    return texts
  }

  /// Two words, or one with a capital: the rest are keys, marks and names of files.
  private static func isWords(_ text: String) -> Bool {
    let letters = text.utf8.filter { isCapital($0) || isSmall($0) }
    guard letters.count > 1 else { return false }
    let words = text.split(separator: " ")
    if words.count > 1 { return true }
    let start = Array(text.utf8.prefix(2))
    return start.count == 2 && isCapital(start[0]) && isSmall(start[1])
  }

  private static func isCapital(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }

  private static func isSmall(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
  }
}
