// SPDX-License-Identifier: Apache-2.0

/// One column of a recorded table, or one key of a `key: value` file: its name, and how its cell
/// is written and read.
package struct RecordColumn<Row>: Sendable {
  package var name: String
  /// Whether a table without it is whole: those that were recorded before it was thought of.
  package var isOptional = false
  package var write: @Sendable (Row, inout CellWriter) -> Void
  package var read: @Sendable (Cell, inout Row) throws(CellError) -> Void

  package init(
    _ name: String,
    write: @escaping @Sendable (Row, inout CellWriter) -> Void,
    read: @escaping @Sendable (Cell, inout Row) throws(CellError) -> Void
  ) {
    self.name = name
    self.write = write
    self.read = read
  }
}

/// A kind of file in a recording: rows of the same columns, as tab-separated lines under a header
/// line, or as blocks of `key: value` lines with an empty line between them.
package struct RecordTable<Row: Sendable>: Sendable {
  /// The file's name, for example `sockets.tsv`.
  package var file: String
  package var columns: [RecordColumn<Row>]
  /// A row before its cells are read.
  package var empty: Row

  package init(_ file: String, empty: Row, columns: [RecordColumn<Row>]) {
    self.file = file
    self.empty = empty
    self.columns = columns
  }

  private static var tab: UInt8 { UInt8(ascii: "\t") }
  private static var newline: UInt8 { UInt8(ascii: "\n") }

  /// The table as tab-separated lines.
  package func table(_ rows: [Row]) -> [UInt8] {
    var writer = CellWriter()
    writer.word(columns.map(\.name).joined(separator: "\t"))
    writer.byte(Self.newline)
    for row in rows {
      for (index, column) in columns.enumerated() {
        if index > 0 { writer.byte(Self.tab) }
        column.write(row, &writer)
      }
      writer.byte(Self.newline)
    }
    return writer.bytes
  }

  /// The table as blocks of `key: value` lines.
  package func blocks(_ rows: [Row]) -> [UInt8] {
    var writer = CellWriter()
    for (index, row) in rows.enumerated() {
      if index > 0 { writer.byte(Self.newline) }
      for column in columns {
        writer.word(column.name + ": ")
        column.write(row, &writer)
        writer.byte(Self.newline)
      }
    }
    return writer.bytes
  }

  /// Reads what ``table(_:)`` wrote. Columns may stand in any order.
  ///
  /// - Parameter path: The file's name in error messages, for example `looks/0001/sockets.tsv`.
  package func readTable(
    _ bytes: [UInt8], path: String, bounds: RecordingBounds
  ) throws(RecordingError) -> [Row] {
    let lines = try Self.lines(bytes, path: path, bounds: bounds)
    guard let header = lines.first else {
      throw RecordingError.truncated(file: path, rows: nil, promised: nil)
    }
    guard lines.count - 1 <= bounds.rows else {
      throw RecordingError.tooLarge(file: path, what: "rows", bound: bounds.rows)
    }
    let order = try order(of: header, path: path)
    var rows: [Row] = []
    rows.reserveCapacity(lines.count - 1)
    for (index, line) in lines.enumerated().dropFirst() {
      rows.append(try row(line, order: order, path: path, number: index + 1))
    }
    return rows
  }

  /// Reads what ``blocks(_:)`` wrote.
  package func readBlocks(
    _ bytes: [UInt8], path: String, bounds: RecordingBounds
  ) throws(RecordingError) -> [Row] {
    let lines = try Self.lines(bytes, path: path, bounds: bounds)
    var rows: [Row] = []
    var row = empty
    var seen: Set<String> = []
    for (index, line) in lines.enumerated() {
      if !line.isEmpty {
        try readPair(line, into: &row, seen: &seen, path: path, number: index + 1)
      }
      guard line.isEmpty || index == lines.count - 1 else { continue }
      if let column = columns.first(where: { !$0.isOptional && !seen.contains($0.name) }) {
        throw RecordingError.missingColumn(file: path, column: column.name)
      }
      guard rows.count < bounds.rows else {
        throw RecordingError.tooLarge(file: path, what: "blocks", bound: bounds.rows)
      }
      rows.append(row)
      row = empty
      seen = []
    }
    return rows
  }

  private static func lines(
    _ bytes: [UInt8], path: String, bounds: RecordingBounds
  ) throws(RecordingError) -> [ArraySlice<UInt8>] {
    guard bytes.count <= bounds.fileBytes else {
      throw RecordingError.tooLarge(file: path, what: "bytes", bound: bounds.fileBytes)
    }
    guard let last = bytes.last else { return [] }
    guard last == newline else {
      throw RecordingError.truncated(file: path, rows: nil, promised: nil)
    }
    return bytes.dropLast().split(separator: newline, omittingEmptySubsequences: false)
  }

  /// For each cell of a line, the column it belongs to.
  private func order(
    of header: ArraySlice<UInt8>, path: String
  ) throws(RecordingError) -> [RecordColumn<Row>] {
    var order: [RecordColumn<Row>] = []
    for cell in header.split(separator: Self.tab, omittingEmptySubsequences: false) {
      let name = Cell(cell).word
      guard let column = columns.first(where: { $0.name == name }),
        !order.contains(where: { $0.name == name })
      else {
        throw RecordingError.unexpectedColumn(file: path, line: 1, column: name)
      }
      order.append(column)
    }
    for column in columns
    where !column.isOptional && !order.contains(where: { $0.name == column.name }) {
      throw RecordingError.missingColumn(file: path, column: column.name)
    }
    return order
  }

  private func row(
    _ line: ArraySlice<UInt8>, order: [RecordColumn<Row>], path: String, number: Int
  ) throws(RecordingError) -> Row {
    let cells = line.split(separator: Self.tab, omittingEmptySubsequences: false)
    guard cells.count == order.count else {
      throw RecordingError.damagedLine(
        file: path, line: number, text: Cell(line).word,
        expected: "a row of \(order.count) cells")
    }
    var row = empty
    for (cell, column) in zip(cells, order) {
      try read(Cell(cell), column, into: &row, path: path, number: number)
    }
    return row
  }

  private func readPair(
    _ line: ArraySlice<UInt8>, into row: inout Row, seen: inout Set<String>, path: String,
    number: Int
  ) throws(RecordingError) {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon + 1 < line.endIndex,
      line[colon + 1] == UInt8(ascii: " ")
    else {
      throw RecordingError.damagedLine(
        file: path, line: number, text: Cell(line).word, expected: "'key: value'")
    }
    let name = Cell(line[..<colon]).word
    guard let column = columns.first(where: { $0.name == name }), seen.insert(name).inserted
    else {
      throw RecordingError.unexpectedColumn(file: path, line: number, column: name)
    }
    try read(Cell(line[(colon + 2)...]), column, into: &row, path: path, number: number)
  }

  private func read(
    _ cell: Cell, _ column: RecordColumn<Row>, into row: inout Row, path: String, number: Int
  ) throws(RecordingError) {
    do {
      try column.read(cell, &row)
    } catch {
      throw RecordingError.damagedCell(
        file: path, line: number, column: column.name, text: cell.word, expected: error.expected)
    }
  }
}
