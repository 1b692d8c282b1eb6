// SPDX-License-Identifier: Apache-2.0

/// Turns frames into what a terminal understands. Only lines that have changed are written, each
/// at its place, so that nothing flickers and a serial line has little to carry.
package struct ScreenWriter: Sendable {
  private let kind: TerminalKind
  private let colour: Bool
  private var shown: ScreenFrame?

  /// - Parameter colour: Whether colour is wanted, where there is any.
  package init(_ kind: TerminalKind, colour: Bool) {
    self.kind = kind
    self.colour = colour && kind.hasColour
  }

  /// What begins the page: the other screen, no cursor, no automatic line breaks.
  package var opening: [UInt8] {
    Array(((kind.hasOtherScreen ? "\u{1b}[?1049h" : "") + "\u{1b}[?25l\u{1b}[?7l").utf8)
      + Array("\u{1b}[0m\u{1b}[2J".utf8)
  }

  /// What ends it, whatever was written before. Without another screen the page is taken away.
  package var closing: [UInt8] {
    let end = kind.hasOtherScreen ? "\u{1b}[?1049l" : "\u{1b}[H\u{1b}[2J"
    return Array(("\u{1b}[0m\u{1b}[?7h\u{1b}[?25h" + end).utf8)
  }

  /// Writes everything again next time: the terminal may have been given something else.
  package mutating func forget() { shown = nil }

  /// What leads from the frame before to `frame`.
  package mutating func bytes(for frame: ScreenFrame) -> [UInt8] {
    defer { shown = frame }
    guard frame != shown else { return [] }
    var out = ""
    let isWhole = shown?.size != frame.size
    if isWhole { out += "\u{1b}[0m\u{1b}[2J" }
    for (row, line) in frame.lines.enumerated() {
      let isKnown = isWhole ? line.columns == 0 && !line.isReverse : shown?.lines[row] == line
      if isKnown { continue }
      out += "\u{1b}[\(row + 1);1H"
      write(line, size: frame.size, isLast: row == frame.size.rows - 1, to: &out)
    }
    if let cursor = frame.cursor {
      out += "\u{1b}[\(cursor.row + 1);\(cursor.column + 1)H\u{1b}[?25h"
    } else if shown?.cursor != nil {
      out += "\u{1b}[?25l"
    }
    return Array(out.utf8)
  }

  /// The corner at the bottom right stays free: some terminals scroll when it is written.
  private func write(_ line: ScreenLine, size: ScreenSize, isLast: Bool, to out: inout String) {
    let limit = isLast ? size.columns - 1 : size.columns
    let line = line.columns > limit ? line.cut(to: limit, unicode: false) : line
    if line.isReverse { out += "\u{1b}[7m" }
    for piece in line.pieces {
      let code = line.isReverse ? nil : piece.emphasis.code(colour: colour)
      if let code { out += "\u{1b}[\(code)m" }
      out += piece.text
      if code != nil { out += "\u{1b}[0m" }
    }
    if line.isReverse {
      out += String(repeating: " ", count: max(0, limit - line.columns)) + "\u{1b}[0m"
    }
    // After the last column a terminal may still stand on it, and would erase it.
    if line.columns < limit, !line.isReverse { out += "\u{1b}[K" }
  }
}
