// SPDX-License-Identifier: Apache-2.0

/// The columns of a list on a screen of some width.
struct ScreenGrid<Column: TopColumn> {
  /// One column.
  struct Cell {
    var column: Column
    var width: Int
    var side = ScreenLine.Side.left
    /// Its part of the columns that are left over; 0: it stays as it is.
    var grows = 0
    /// Never wider than this.
    var most = 60

    init(
      _ column: Column, width: Int, side: ScreenLine.Side = .left, grows: Int = 0, most: Int = 60
    ) {
      self.column = column
      self.width = width
      self.side = side
      self.grows = grows
      self.most = most
    }
  }

  private var cells: [Cell]
  /// From the left.
  var columns: [Column] { cells.map(\.column) }
  private let unicode: Bool
  /// What stands before the chosen line: it is not told by its look alone.
  private static var markColumns: Int { 2 }

  init(_ cells: [Cell], columns: Int, unicode: Bool) {
    self.cells = cells
    self.unicode = unicode
    let used = cells.reduce(Self.markColumns + cells.count - 1) { $0 + $1.width }
    share(max(0, columns - used))
  }

  private mutating func share(_ columns: Int) {
    var left = columns
    // What one column does not take is offered to the others.
    while left > 0 {
      let open = cells.indices.filter { cells[$0].grows > 0 && cells[$0].width < cells[$0].most }
      let parts = open.reduce(0) { $0 + cells[$1].grows }
      guard parts > 0 else { return }
      let before = left
      for index in open {
        let wanted = max(1, before * cells[index].grows / parts)
        let given = min(wanted, cells[index].most - cells[index].width, left)
        cells[index].width += given
        left -= given
      }
    }
  }

  /// The heads of the columns; that of the sorted one has an arrow.
  func titles(_ sort: TopSort<Column>) -> ScreenLine {
    var line = ScreenLine("  ")
    for (index, cell) in cells.enumerated() {
      if index > 0 { line.add(" ") }
      var title = cell.column.title
      let isSorted = cell.column == sort.column
      if isSorted { title += sort.isReversed ? (unicode ? "▲" : "^") : (unicode ? "▼" : "v") }
      line.add(
        cell: title, width: cell.width, side: cell.side, unicode: unicode,
        isSorted ? .reverse : .strong)
    }
    return line
  }

  /// One line of the list.
  func line(
    isChosen: Bool, _ text: (Column, _ width: Int) -> (String, ScreenLine.Look)
  ) -> ScreenLine {
    var line = ScreenLine(isChosen ? (unicode ? "▶ " : "> ") : "  ")
    for (index, cell) in cells.enumerated() {
      if index > 0 { line.add(" ") }
      let (words, look) = text(cell.column, cell.width)
      line.add(cell: words, width: cell.width, side: cell.side, unicode: unicode, look)
    }
    return line
  }
}
