// SPDX-License-Identifier: Apache-2.0

/// One column of a table, declared once for everything that shows the table: a table names its
/// columns in one list, in the order of their JSON members.
struct Column<Row>: Sendable {
  /// How a terminal shows it.
  struct Cell: Sendable {
    enum Content: Sendable {
      /// ASCII.
      case bytes(@Sendable (Row, inout [UInt8]) -> Void)
      /// Text of any kind, in parts that may stand on lines of their own. For the last column.
      case parts(@Sendable (Row) -> [String])
    }

    var title: String
    /// Where it stands on the line: the smallest first.
    var place: Int
    var isNumber = false
    /// From the narrowest to the widest; what is longer pushes the next cells on.
    var width: ClosedRange<Int>
    /// The widest where every row is one line, however long; nil: as elsewhere.
    var widestOnOneLine: Int?
    /// Whether it is shown only where every row is one line, however long.
    var isWideOnly = false
    var content: Content
  }

  /// nil: JSON only.
  var cell: Cell?
  /// Writes the member, or members, of the row's object; nil: terminals only.
  var json: (@Sendable (Row, inout JSONWriter) -> Void)?

  init(
    json: (@Sendable (Row, inout JSONWriter) -> Void)? = nil, cell: Cell? = nil
  ) {
    self.json = json
    self.cell = cell
  }

  /// The same column of a table whose rows hold such a row.
  func of<Whole>(_ part: @escaping @Sendable (Whole) -> Row) -> Column<Whole> {
    let json = json.map { write in
      { @Sendable (whole: Whole, json: inout JSONWriter) in write(part(whole), &json) }
    }
    let cell = cell.map { cell in
      let content: Column<Whole>.Cell.Content =
        switch cell.content {
        case .bytes(let write): .bytes { whole, bytes in write(part(whole), &bytes) }
        case .parts(let parts): .parts { whole in parts(part(whole)) }
        }
      return Column<Whole>.Cell(
        title: cell.title, place: cell.place, isNumber: cell.isNumber, width: cell.width,
        widestOnOneLine: cell.widestOnOneLine, isWideOnly: cell.isWideOnly, content: content)
    }
    return Column<Whole>(json: json, cell: cell)
  }
}
