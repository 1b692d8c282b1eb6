// SPDX-License-Identifier: Apache-2.0

import Diagnosis
package import KernelTables

/// What is on the screen.
extension TopState {
  /// The least that a list makes sense in.
  static let smallest = ScreenSize(columns: 40, rows: 8)

  /// The page for a terminal of this size.
  ///
  /// - Parameter now: To say for how long a look has been going on.
  package mutating func frame(_ size: ScreenSize, at now: BootInstant) -> ScreenFrame {
    guard size.columns >= Self.smallest.columns, size.rows >= Self.smallest.rows else {
      return tooSmall(size)
    }
    if showsHelp { return help(size) }
    if let verdict { return self.text(lines(of: verdict), size) }
    var lines = TopHeader(self, columns: size.columns, now: now).lines()
    let bottom = footer(size.columns)
    let room = size.rows - lines.count - 1
    lines += body(columns: size.columns, rows: room)
    while lines.count < size.rows - 1 { lines.append(ScreenLine()) }
    lines = Array(lines.prefix(size.rows - 1))
    lines.append(bottom)
    var frame = ScreenFrame(lines, size: size, unicode: unicode)
    if filterBefore != nil {
      frame.cursor = (size.rows - 1, min(bottom.columns, size.columns - 1))
    }
    return frame
  }

  private func tooSmall(_ size: ScreenSize) -> ScreenFrame {
    let words = [
      "Too small: closewatch top", "needs \(Self.smallest.columns) x \(Self.smallest.rows).",
      "q quits.",
    ]
    return ScreenFrame(words.map { ScreenLine($0) }, size: size, unicode: unicode)
  }

  private mutating func body(columns: Int, rows: Int) -> [ScreenLine] {
    guard let picture else {
      return [ScreenLine(), ScreenLine("  The first look is being taken.", .faint)]
    }
    switch page {
    case .owners:
      let range = ownerCursor.show(rows - 1, of: ownerOrder.count)
      let grid = ScreenGrid(TopOwnerColumns.all, columns: columns, unicode: unicode)
      ownerColumns = grid.columns
      return TopLists.owners(range, of: self, picture, in: grid)
    case .sockets(let owner):
      let above = ownerLines(owner, in: picture, columns: columns, most: max(0, rows - 4))
      let range = socketCursor.show(rows - 1 - above.count, of: socketOrder.count)
      let grid = ScreenGrid(TopSocketColumns.all, columns: columns, unicode: unicode)
      socketColumns = grid.columns
      return above + TopLists.sockets(range, of: self, picture, in: grid)
    case .socket:
      guard let detail = shownSocket else { return [] }
      let page = SocketPage(detail, place: place, columns: columns)
      return scrolled(page.lines(), rows: rows)
    }
  }

  /// What is said of an owner above its sockets.
  private func ownerLines(
    _ owner: Owner, in picture: TopPicture, columns: Int, most: Int
  ) -> [ScreenLine] {
    var lines: [ScreenLine] = []
    for finding in picture.findings(of: owner).prefix(2) {
      let words = FindingWords(nil, style: place.style).line(finding)
      let text = finding.lifecycle == .pending ? "pending: " + words : words
      lines += place.style.wrap(text, columns: columns - 2).prefix(3).map {
        ScreenLine("  " + $0, OwnerWords.emphasis(finding))
      }
    }
    return Array(lines.prefix(most))
  }

  /// The part of a text that is shown.
  private mutating func scrolled(_ lines: [ScreenLine], rows: Int) -> [ScreenLine] {
    scrollable = (lines.count, rows)
    scroll = max(0, min(scroll, lines.count - rows))
    return Array(lines.dropFirst(scroll).prefix(rows))
  }

  private mutating func help(_ size: ScreenSize) -> ScreenFrame {
    let all = TopHelp.lines(
      columns: size.columns, style: place.style, patienceSeconds: picture?.patienceSeconds)
    return text(all, size)
  }

  private func lines(of text: String) -> [ScreenLine] {
    text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { ScreenLine(" " + $0) }
  }

  private mutating func text(_ all: [ScreenLine], _ size: ScreenSize) -> ScreenFrame {
    var lines = scrolled(all, rows: size.rows - 1)
    while lines.count < size.rows - 1 { lines.append(ScreenLine()) }
    let more = all.count > size.rows - 1 ? "  Up and Down scroll." : ""
    var bottom = ScreenLine(" Any other key goes back." + more)
    bottom.isReverse = true
    return ScreenFrame(lines + [bottom], size: size, unicode: unicode)
  }

  // MARK: The bottom line

  private func footer(_ columns: Int) -> ScreenLine {
    if filterBefore != nil {
      var line = ScreenLine(" Filter: ", .strong)
      line.add(filter.text)
      return line
    }
    var line = ScreenLine()
    for (key, words) in keys {
      let entry = " \(key) \(words) "
      guard line.columns + UntrustedText.columns(entry) < columns else { break }
      line.add(" \(key)", .strong)
      line.add(" \(words) ", .faint)
    }
    return line
  }

  private var keys: [(String, String)] {
    switch page {
    case .owners:
      [
        ("Enter", "sockets"), ("v", "verdict"), ("h", "help"), ("q", "quit"), ("/", "filter"),
        ("s", "sort"),
        ("r", "reverse"), ("p", isPaused ? "go on" : "pause"), ("+ -", "interval"),
      ]
    case .sockets:
      [
        ("Enter", "details"), ("v", "verdict"), ("Esc", "back"), ("h", "help"), ("q", "quit"),
        ("/", "filter"),
        ("s", "sort"), ("r", "reverse"), ("p", isPaused ? "go on" : "pause"),
      ]
    case .socket:
      [
        ("Esc", "back"), ("v", "verdict"), ("Up Down", "scroll"),
        ("p", isPaused ? "go on" : "pause"),
        ("h", "help"), ("q", "quit"),
      ]
    }
  }
}
