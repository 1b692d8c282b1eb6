// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// What the place where text is shown can do. Nothing is said by colour or by a symbol alone.
package struct TextStyle: Hashable, Sendable {
  /// Whether ANSI colours (ECMA-48 SGR) may be used.
  package var colour: Bool
  /// Whether anything but ASCII may be used.
  package var unicode: Bool
  /// Columns of a line.
  package var width: Int
  /// Columns of a line of a table.
  package var tableWidth: Int

  /// A terminal that is narrower gets lines that it has to break itself.
  package static let leastWidth = 40

  /// - Parameter tableWidth: nil: as that of the other lines.
  package init(
    colour: Bool = false, unicode: Bool = false, width: Int = 79, tableWidth: Int? = nil
  ) {
    self.colour = colour
    self.unicode = unicode
    self.width = width
    self.tableWidth = tableWidth ?? width
  }

  /// Whether there is no room for what stands side by side on a usual line.
  var isNarrow: Bool { width < 60 }

  func mark(_ text: String, _ emphasis: Emphasis) -> String {
    guard colour, !text.isEmpty, let code = emphasis.code(colour: true) else { return text }
    return "\u{1b}[\(code)m\(text)\u{1b}[0m"
  }

  var bullet: String { unicode ? "•" : "-" }
  /// Points from the end that acts to the other one.
  var arrow: String { unicode ? "→" : "->" }

  /// A curve over time from 0 to the largest, each column as long as the others. Empty when there
  /// is nothing to see: fewer than three points.
  func sparkline(_ points: [HistoryPoint], columns: Int = 24) -> String {
    guard let first = points.first, let last = points.last, points.count >= 3,
      let largest = points.map(\.sockets).max(), largest > 0
    else { return "" }
    let steps = Array(unicode ? "▁▂▃▄▅▆▇█" : "_.-=+*%#")
    let width = min(columns, points.count)
    let span = last.at.seconds(since: first.at)
    var index = 0
    let curve = (0..<width).map { column in
      // What was known then: the last point that is not later. 1 ms for what rounding takes.
      let instant = first.at.advanced(
        bySeconds: span * Double(column) / Double(width - 1) + 0.001)
      while index + 1 < points.count, points[index + 1].at <= instant { index += 1 }
      return steps[max(0, points[index].sockets) * (steps.count - 1) / largest]
    }
    return String(curve)
  }

  /// Breaks `text` at spaces into lines of at most `columns`. A word that is longer stands alone
  /// on its line, unbroken: a path that is cut cannot be copied.
  func wrap(_ text: String, columns: Int) -> [String] {
    Self.filled(Self.words(text), columns: columns)
  }

  /// The same for a command of the shell: what stands in quotes stays in one piece, for there a
  /// backslash at the end of a line does not join it with the next.
  func wrapCommand(_ command: String, columns: Int) -> [String] {
    var words: [String] = []
    var word = ""
    var quote: Character?
    for character in command {
      if character == quote {
        quote = nil
      } else if quote == nil, character == "'" || character == "\"" {
        quote = character
      }
      if character == " ", quote == nil {
        if !word.isEmpty { words.append(word) }
        word = ""
      } else {
        word.append(character)
      }
    }
    if !word.isEmpty { words.append(word) }
    return Self.filled(words, columns: columns)
  }

  /// As many words on each line as there is room for.
  private static func filled(_ words: [String], columns: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    var used = 0
    for word in words {
      let size = UntrustedText.columns(word)
      if used > 0, used + 1 + size > columns {
        lines.append(line)
        line = ""
        used = 0
      }
      line += (used > 0 ? " " : "") + word
      used += (used > 0 ? 1 : 0) + size
    }
    if used > 0 { lines.append(line) }
    return lines
  }

  /// The words of `text`: a number and its unit are one, and a state and how many are in it.
  private static func words(_ text: String) -> [String] {
    var words: [String] = []
    for word in text.split(separator: " ", omittingEmptySubsequences: true) {
      if isUnit(word, after: words.last) || isCount(word, after: words.last) {
        words[words.count - 1] += " " + word
      } else {
        words.append(String(word))
      }
    }
    return words
  }

  private static func isUnit(_ word: Substring, after last: String?) -> Bool {
    last?.last?.isWholeNumber == true && units.contains(word.prefix { $0.isLetter })
  }

  private static func isCount(_ word: Substring, after last: String?) -> Bool {
    word.first?.isWholeNumber == true && last.map(states.contains) == true
  }

  private static let states = Set(TCPState.shown.map(\.name))

  private static let units: Set<Substring> = [
    "ms", "s", "min", "h", "d", "B", "kB", "MB", "GB",
  ]
}
