// SPDX-License-Identifier: Apache-2.0

/// The columns of a list on a screen of some width.
struct ScreenGrid<Row> {
  private var cells: [(column: Column<Row>.Screen, place: Column<Row>.Screen.Place)] = []
  /// From the left.
  var columns: [String] { cells.map(\.column.title) }
  private let unicode: Bool
  /// What stands before the chosen line: it is not told by its emphasis alone.
  private static var markColumns: Int { 2 }

  init(_ all: [Column<Row>], columns: Int, unicode: Bool) {
    self.unicode = unicode
    for column in all.compactMap(\.screen) {
      guard let place = column.places.first(where: { columns >= $0.from }) else { continue }
      cells.append((column, place))
    }
    let used = cells.reduce(Self.markColumns + cells.count - 1) { $0 + $1.place.width }
    share(max(0, columns - used))
  }

  private mutating func share(_ columns: Int) {
    var left = columns
    // What one column does not take is offered to the others.
    while left > 0 {
      let open = cells.indices.filter { index in
        cells[index].place.grows > 0 && cells[index].place.width < cells[index].place.most
      }
      let parts = open.reduce(0) { $0 + cells[$1].place.grows }
      guard parts > 0 else { return }
      let before = left
      for index in open {
        let place = cells[index].place
        let wanted = max(1, before * place.grows / parts)
        let given = min(wanted, place.most - place.width, left)
        cells[index].place.width += given
        left -= given
      }
    }
  }

  /// The heads of the columns; that of the sorted one has an arrow.
  func titles(_ sort: ColumnSort) -> ScreenLine {
    var line = ScreenLine("  ")
    for (index, cell) in cells.enumerated() {
      if index > 0 { line.add(" ") }
      var title = cell.column.title
      let isSorted = title == sort.column
      if isSorted { title += sort.isReversed ? (unicode ? "▲" : "^") : (unicode ? "▼" : "v") }
      line.add(
        cell: title, width: cell.place.width, side: cell.place.side, unicode: unicode,
        isSorted ? .reverse : .strong)
    }
    return line
  }

  /// One line of the list.
  func line(_ row: Row, isChosen: Bool) -> ScreenLine {
    var line = ScreenLine(isChosen ? (unicode ? "▶ " : "> ") : "  ")
    for (index, cell) in cells.enumerated() {
      if index > 0 { line.add(" ") }
      let (words, emphasis) = cell.column.text(row, cell.place.width)
      line.add(
        cell: words, width: cell.place.width, side: cell.place.side, unicode: unicode, emphasis)
    }
    line.isReverse = isChosen
    return line
  }
}
