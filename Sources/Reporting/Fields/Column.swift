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

  /// How a page shows it.
  struct Web: Sendable {
    var title: String
    var text: @Sendable (Row) -> String
  }

  /// Terminals, as lines that scroll past.
  var cell: Cell?
  /// Writes the member, or members, of the row's object.
  var json: (@Sendable (Row, inout JSONWriter) -> Void)?
  /// HTML.
  var web: Web?
  /// A list of `top`.
  var screen: Screen?

  init(
    json: (@Sendable (Row, inout JSONWriter) -> Void)? = nil, cell: Cell? = nil,
    web: Web? = nil, screen: Screen? = nil
  ) {
    self.json = json
    self.cell = cell
    self.web = web
    self.screen = screen
  }

  /// A column of pages alone.
  init(_ title: String, _ text: @escaping @Sendable (Row) -> String) {
    self.init(web: Web(title: title, text: text))
  }

  /// What the cell of a row says, wherever else it is said.
  func text(_ row: Row) -> String {
    switch cell?.content {
    case .bytes(let write)?:
      var bytes: [UInt8] = []
      write(row, &bytes)
      return String(decoding: bytes, as: UTF8.self)
    case .parts(let parts)?: return parts(row).joined(separator: ", ")
    case nil: return ""
    }
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
