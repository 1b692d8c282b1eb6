// SPDX-License-Identifier: Apache-2.0

/// What closewatch itself counted, and adds up later, stays below this when it is read: a damaged
/// recording cannot make the sums overflow.
package let recordedTallyBound = 1 << 48

/// Where in a row a column's value is.
typealias Place<Row, Value> = any WritableKeyPath<Row, Value> & Sendable

extension RecordColumn {
  /// The same column, which older recordings may lack: a row then keeps what an empty one has.
  func ifRecorded() -> RecordColumn {
    var column = self
    column.isOptional = true
    return column
  }

  /// An unsigned number of the kernel: every value of its type is possible.
  static func number<N: FixedWidthInteger & UnsignedInteger & Sendable>(
    _ name: String, _ path: Place<Row, N>
  ) -> RecordColumn {
    RecordColumn(name) { row, writer in
      writer.number(row[keyPath: path])
    } read: { cell, row throws(CellError) in
      row[keyPath: path] = try cell.number(in: N.min...N.max)
    }
  }

  static func optionalNumber<N: FixedWidthInteger & UnsignedInteger & Sendable>(
    _ name: String, _ path: Place<Row, N?>
  ) -> RecordColumn {
    RecordColumn(name) { row, writer in
      if let value = row[keyPath: path] { writer.number(value) } else { writer.word("-") }
    } read: { cell, row throws(CellError) in
      row[keyPath: path] = cell.isAbsent ? nil : try cell.number(in: N.min...N.max)
    }
  }

  /// A number of the kernel that is never negative: `fs.file-max` is 2^63-1 under systemd. Whoever
  /// adds two of them has to expect that the sum does not fit.
  static func count(
    _ name: String, _ path: Place<Row, Int>
  ) -> RecordColumn {
    RecordColumn(name) { row, writer in
      writer.number(row[keyPath: path])
    } read: { cell, row throws(CellError) in
      row[keyPath: path] = try cell.number(in: 0...Int.max)
    }
  }

  /// A count of our own, from 0 to ``recordedTallyBound``.
  static func tally(_ name: String, _ path: Place<Row, Int>) -> RecordColumn {
    RecordColumn(name) { row, writer in
      writer.number(row[keyPath: path])
    } read: { cell, row throws(CellError) in
      row[keyPath: path] = try cell.number(in: 0...recordedTallyBound)
    }
  }

  static func optionalCount(
    _ name: String, _ path: Place<Row, Int?>
  ) -> RecordColumn {
    RecordColumn(name) { row, writer in
      if let value = row[keyPath: path] { writer.number(value) } else { writer.word("-") }
    } read: { cell, row throws(CellError) in
      row[keyPath: path] = cell.isAbsent ? nil : try cell.number(in: 0...Int.max)
    }
  }

  /// A pid or a descriptor: never negative.
  static func id(_ name: String, _ path: Place<Row, Int32>) -> RecordColumn {
    RecordColumn(name) { row, writer in
      writer.number(row[keyPath: path])
    } read: { cell, row throws(CellError) in
      row[keyPath: path] = try cell.number(in: 0...Int32.max)
    }
  }

  static func fraction(
    _ name: String, _ path: Place<Row, Double>,
    in range: ClosedRange<Double>
  ) -> RecordColumn {
    RecordColumn(name) { row, writer in
      writer.word(String(row[keyPath: path]))
    } read: { cell, row throws(CellError) in
      row[keyPath: path] = try cell.fraction(in: range)
    }
  }

  static func optionalFraction(
    _ name: String, _ path: Place<Row, Double?>, in range: ClosedRange<Double>
  ) -> RecordColumn {
    RecordColumn(name) { row, writer in
      writer.word(row[keyPath: path].map { String($0) } ?? "-")
    } read: { cell, row throws(CellError) in
      row[keyPath: path] = cell.isAbsent ? nil : try cell.fraction(in: range)
    }
  }

  /// Texts, as ``CellWriter/list(_:)`` writes them.
  static func list(_ name: String, _ path: Place<Row, [String]>) -> RecordColumn {
    RecordColumn(name) { row, writer in
      writer.list(row[keyPath: path])
    } read: { cell, row throws(CellError) in
      row[keyPath: path] = try cell.list()
    }
  }

  static func flag(_ name: String, _ path: Place<Row, Bool>) -> RecordColumn {
    choice(name, path, [(true, "yes"), (false, "no")])
  }

  static func text(_ name: String, _ path: Place<Row, String>) -> RecordColumn {
    RecordColumn(name) { row, writer in
      writer.text(row[keyPath: path])
    } read: { cell, row throws(CellError) in
      row[keyPath: path] = try cell.text()
    }
  }

  static func optionalText(
    _ name: String, _ path: Place<Row, String?>
  ) -> RecordColumn {
    RecordColumn(name) { row, writer in
      if let text = row[keyPath: path] { writer.text(text) } else { writer.word("-") }
    } read: { cell, row throws(CellError) in
      row[keyPath: path] = cell.isAbsent ? nil : try cell.text()
    }
  }

  /// One of a few values, by name.
  static func choice<V: Equatable & Sendable>(
    _ name: String, _ path: Place<Row, V>, _ names: [(V, String)]
  ) -> RecordColumn {
    RecordColumn(name) { row, writer in
      let value = row[keyPath: path]
      writer.word(names.first { $0.0 == value }?.1 ?? "?")
    } read: { cell, row throws(CellError) in
      let word = cell.word
      guard let value = names.first(where: { $0.1 == word })?.0 else {
        throw CellError("one of " + names.map(\.1).joined(separator: " "))
      }
      row[keyPath: path] = value
    }
  }

  static func address(
    _ name: String, _ path: Place<Row, IPAddress>
  ) -> RecordColumn {
    RecordColumn(name) { row, writer in
      writer.word(row[keyPath: path].description)
    } read: { cell, row throws(CellError) in
      guard let address = AddressText.parse(cell.bytes) else {
        throw CellError("an IPv4 or IPv6 address")
      }
      row[keyPath: path] = address
    }
  }

  static func namespace(
    _ name: String, _ path: Place<Row, NetnsID>
  ) -> RecordColumn {
    RecordColumn(name) { row, writer in
      writer.number(row[keyPath: path].rawValue)
    } read: { cell, row throws(CellError) in
      row[keyPath: path] = NetnsID(rawValue: try cell.number(in: 0...UInt32.max))
    }
  }
}
