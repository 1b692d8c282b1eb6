// SPDX-License-Identifier: Apache-2.0

/// The page that explains keys, columns and marks.
enum TopHelp {
  private static let labelColumns = 16

  static func lines(columns: Int, style: TextStyle, patienceSeconds: Double?) -> [ScreenLine] {
    var lines: [ScreenLine] = []
    heading("Keys", &lines)
    for (label, words) in keys { entry(label, words, columns, style, &lines) }
    heading("Columns", &lines)
    let patience = patienceSeconds.map { Quantity.duration($0) } ?? "the patience"
    for column in TopOwnerColumns.all.compactMap(\.screen) {
      guard let help = column.help else { continue }
      entry(column.title, help(patience, style.unicode), columns, style, &lines)
    }
    heading("Words", &lines)
    for (label, words) in terms { entry(label, words, columns, style, &lines) }
    return lines
  }

  private static let keys = [
    ("Up Down, j k", "move; PgUp PgDn by a page; Home End, g G to the first and last"),
    ("Enter, Right", "from an owner to its sockets, from a socket to its details"),
    ("v", "the verdict: why, how fast, what runs out and what to do"),
    ("Esc, Left", "back; Esc clears a filter first"),
    ("s or >, <", "sort by the next column, or the one before"),
    ("r", "reverse the order"),
    ("/", "filter: every word must be in the line; Enter keeps it, Esc clears it"),
    ("p or Space", "pause: the screen freezes while the looks go on; again: resume"),
    ("+ -", "look less often, more often"),
    ("Ctrl-L", "redraw the screen"),
    ("h or ?", "this page"),
    ("q, Ctrl-C", "quit; Ctrl-Z goes to the shell, fg comes back"),
  ]

  private static let terms = [
    ("DEAD", "a descriptor is open, its socket is in no table: ss does not show it"),
    ("!", "behind a state: some are stuck in it"),
    ("let go", "no process has it; this one had it open"),
    ("unaccepted", "it waits in the accept queue of this process"),
  ]

  private static func heading(_ title: String, _ lines: inout [ScreenLine]) {
    if !lines.isEmpty { lines.append(ScreenLine()) }
    lines.append(ScreenLine(" " + title, .strong))
  }

  private static func entry(
    _ label: String, _ words: String, _ columns: Int, _ style: TextStyle,
    _ lines: inout [ScreenLine]
  ) {
    for (index, text) in style.wrap(words, columns: max(10, columns - labelColumns - 1))
      .enumerated()
    {
      var line = ScreenLine("  ")
      if index == 0 { line.add(label, .strong) }
      line.pad(to: labelColumns)
      line.add(text)
      lines.append(line)
    }
  }
}
