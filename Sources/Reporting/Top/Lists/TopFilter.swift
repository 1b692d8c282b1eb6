// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Words that all must be found in a line, in any case of letters.
struct TopFilter: Equatable, Sendable {
  let text: String
  private let words: [[UInt8]]

  init(_ text: String) {
    self.text = text
    words = text.split(separator: " ").map { Array($0.lowercased().utf8) }
  }

  var isEmpty: Bool { words.isEmpty }

  /// Whether a line of these bytes passes; letters in lower case.
  func admits(_ line: [UInt8]) -> Bool { words.allSatisfy { Self.contains(line, $0) } }

  func admits(_ line: String) -> Bool { admits(Array(line.lowercased().utf8)) }

  private static func contains(_ line: [UInt8], _ word: [UInt8]) -> Bool {
    guard let first = word.first, line.count >= word.count else { return word.isEmpty }
    return line.withUnsafeBufferPointer { line in
      word.withUnsafeBufferPointer { word in
        for start in 0...(line.count - word.count) where line[start] == first {
          var length = 1
          while length < word.count, line[start + length] == word[length] { length += 1 }
          if length == word.count { return true }
        }
        return false
      }
    }
  }
}
