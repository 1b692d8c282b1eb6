// SPDX-License-Identifier: Apache-2.0

/// One line of a screen, built from the left: pieces of text, each with its emphasis.
package struct ScreenLine: Hashable, Sendable {
  /// A piece of text. It holds no control characters.
  package struct Piece: Hashable, Sendable {
    package var text: String
    package var emphasis: Emphasis
  }

  package private(set) var pieces: [Piece] = []
  /// The columns used so far.
  package private(set) var columns = 0
  /// Whether the whole line is turned around, to its end.
  package var isReverse = false

  package init() {}

  init(_ text: String, _ emphasis: Emphasis = .plain) { add(text, emphasis) }

  /// Where text is put in its cell.
  enum Side { case left, right }

  mutating func add(_ text: String, _ emphasis: Emphasis = .plain) {
    guard !text.isEmpty else { return }
    columns += UntrustedText.columns(text)
    if let last = pieces.last, last.emphasis == emphasis {
      pieces[pieces.count - 1].text += text
    } else {
      pieces.append(Piece(text: text, emphasis: emphasis))
    }
  }

  /// Spaces up to a column; at least none.
  mutating func pad(to column: Int) {
    if column > columns { add(String(repeating: " ", count: column - columns)) }
  }

  /// A cell of exactly `width` columns.
  mutating func add(
    cell text: String, width: Int, side: Side = .left, unicode: Bool, _ emphasis: Emphasis = .plain
  ) {
    let shown = UntrustedText.cut(text, columns: width, unicode: unicode)
    let blank = String(repeating: " ", count: max(0, width - UntrustedText.columns(shown)))
    if side == .right { add(blank) }
    add(shown, emphasis)
    if side == .left { add(blank) }
  }

  /// The line within `limit` columns.
  func cut(to limit: Int, unicode: Bool) -> ScreenLine {
    guard columns > limit else { return self }
    var line = ScreenLine()
    line.isReverse = isReverse
    for piece in pieces {
      let room = limit - line.columns
      line.add(UntrustedText.cut(piece.text, columns: room, unicode: unicode), piece.emphasis)
      if line.columns >= limit { break }
    }
    return line
  }

  /// The text without its emphasis and without spaces at the end.
  package var text: String {
    var text = pieces.map(\.text).joined()
    while text.last == " " { text.removeLast() }
    return text
  }
}

/// The size of a terminal, in characters.
package struct ScreenSize: Hashable, Sendable {
  package var columns: Int
  package var rows: Int
  package init(columns: Int, rows: Int) {
    self.columns = columns
    self.rows = rows
  }
}

/// What a terminal is to show: exactly as many lines as it has, none longer than it is wide.
package struct ScreenFrame: Hashable, Sendable {
  package let size: ScreenSize
  package private(set) var lines: [ScreenLine]
  /// Where the cursor stands while text is typed, counted from 0; nil: it is hidden.
  package var cursor: (row: Int, column: Int)? {
    get { cursorRow < 0 ? nil : (cursorRow, cursorColumn) }
    set {
      cursorRow = newValue?.row ?? -1
      cursorColumn = newValue?.column ?? 0
    }
  }
  private var cursorRow = -1
  private var cursorColumn = 0

  init(_ lines: [ScreenLine], size: ScreenSize, unicode: Bool) {
    self.size = size
    var shown = lines.prefix(size.rows).map { $0.cut(to: size.columns, unicode: unicode) }
    while shown.count < size.rows { shown.append(ScreenLine()) }
    self.lines = shown
  }

  /// The page as plain text, each line with its line feed.
  package var text: String { lines.map { $0.text + "\n" }.joined() }
}
