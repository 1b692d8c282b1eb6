// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// A listing as a table for people, with the columns of ss.
///
/// Nothing is cut: what does not fit into the line goes on, indented, in the next one. With
/// `isWide` every socket is one line, for `grep` and `awk`.
package struct SocketTable {
  package var listing: SocketListing
  package var style: TextStyle
  package var isWide = false
  package var hasHeader = true

  private var out: [UInt8] = []
  private var cells: [Column<SocketLine>.Cell] = []
  /// The first column of each cell.
  private var stops: [Int] = []
  private var cell: [UInt8] = []
  private var column = 0

  package init(_ listing: SocketListing, style: TextStyle) {
    self.listing = listing
    self.style = style
  }

  /// Writes the table in pieces of about `chunk` bytes.
  package mutating func write<E>(
    chunk: Int = 1 << 18, _ emit: ([UInt8]) throws(E) -> Void
  ) throws(E) {
    layOut()
    if hasHeader, !listing.entries.isEmpty { writeHeader() }
    let isGrouped = hasSeveralNamespaces
    var namespace: NetnsID?
    let line = SocketLine(listing, unicode: style.unicode)
    for entry in listing.entries {
      line.move(to: entry)
      if isGrouped, line.row.namespace != namespace {
        namespace = line.row.namespace
        out.append(style.mark(heading(line.row.namespace), .strong) + "\n")
      }
      write(line)
      if out.count >= chunk {
        try emit(out)
        out.removeAll(keepingCapacity: true)
      }
    }
    writeDeadSockets()
    writeNotes()
    try emit(out)
    out.removeAll()
  }

  // MARK: Columns

  /// Columns are as wide as what they hold, up to what leaves room for the next ones.
  private mutating func layOut() {
    cells = SocketColumns.all.compactMap(\.cell).filter { isWide || !$0.isWideOnly }
      .sorted { $0.place < $1.place }
    var widths = cells.map(\.width.lowerBound)
    let limits = cells.map {
      isWide ? $0.widestOnOneLine ?? $0.width.upperBound : $0.width.upperBound
    }
    var text: [UInt8] = []
    let line = SocketLine(listing, unicode: style.unicode)
    for entry in listing.entries {
      line.move(to: entry)
      for index in cells.indices where widths[index] < limits[index] {
        guard case .bytes(let write) = cells[index].content else { continue }
        text.removeAll(keepingCapacity: true)
        write(line, &text)
        widths[index] = min(max(widths[index], text.count), limits[index])
      }
    }
    stops = [0]
    for width in widths { stops.append((stops.last ?? 0) + width + 1) }
  }

  private mutating func writeHeader() {
    for (index, column) in cells.enumerated() {
      cell.append(column.title)
      put(index, columns: column.title.utf8.count)
    }
    endLine()
  }

  private mutating func write(_ line: SocketLine) {
    for index in cells.indices {
      switch cells[index].content {
      case .bytes(let write):
        write(line, &cell)
        put(index)
      case .parts(let parts):
        let parts = parts(line)
        for (number, part) in parts.enumerated() {
          let part = number + 1 < parts.count ? part + "," : part
          cell.append(part)
          put(index, columns: UntrustedText.columns(part), follows: number > 0)
        }
      }
    }
    endLine()
  }

  /// Places the cell at its column, or further right when the ones before were too long, or on a
  /// line of its own when it would pass the edge.
  ///
  /// - Parameter follows: Whether it goes on with the cell before it instead of its own column.
  private mutating func put(
    _ index: Int, columns: Int? = nil, follows: Bool = false
  ) {
    let size = columns ?? cell.count
    var start = follows ? column : stops[index]
    if cells[index].isNumber { start = max(start, stops[index + 1] - 1 - size) }
    if column > 0 { start = max(start, column + 1) }
    if !isWide, column > 0, start + size > style.width {
      endLine()
      start = min(stops[continuation], max(0, style.width - size))
    }
    out.appendSpaces(start - column)
    out.append(contentsOf: cell)
    column = start + size
    cell.removeAll(keepingCapacity: true)
  }

  /// What does not fit goes on under the first text behind the numbers at the front.
  private var continuation: Int {
    cells.indices.dropFirst().first { !cells[$0].isNumber } ?? 0
  }

  private mutating func endLine() {
    out.append(UInt8(ascii: "\n"))
    column = 0
  }

  // MARK: Around the rows

  private var hasSeveralNamespaces: Bool {
    guard let first = listing.entries.first else { return false }
    let namespace = listing.row(first).namespace
    return listing.entries.contains { listing.row($0).namespace != namespace }
  }

  private func heading(_ id: NetnsID) -> String {
    guard let namespace = listing.sample.namespaces.first(where: { $0.id == id }) else {
      return "netns \(id.rawValue)"
    }
    return NamespaceWords.heading(namespace, unicode: style.unicode)
  }

  private mutating func writeDeadSockets() {
    guard !listing.deadSockets.isEmpty else { return }
    if !listing.entries.isEmpty { out.append("\n") }
    out.append(
      style.mark("Descriptors on dead sockets (in no table; ss cannot show them)", .strong) + "\n")
    for dead in listing.deadSockets {
      let words = HolderWords(listing, unicode: style.unicode)
      out.append(
        "  \(words.name(dead.process.pid)) fd \(dead.fd)  socket:[\(dead.inode)]\n"
      )
    }
  }

  /// What the listing does not show.
  static func notes(of listing: SocketListing, style: TextStyle) -> [String] {
    var notes: [String] = []
    if listing.unknownAges > 0 {
      let count = Quantity.count(listing.unknownAges, "socket")
      notes.append("\(count) left out: the kernel does not say how old they are.")
    }
    return notes
      + listing.gaps.map {
        GapWords.sentence($0, unicode: style.unicode, isRoot: listing.wasReadAsRoot)
      }
  }

  static func noMatch(_ listing: SocketListing) -> String {
    "No socket matches, of \(Quantity.count(listing.sample.sockets.count, "socket")) looked at."
  }

  private mutating func writeNotes() {
    var notes = Self.notes(of: listing, style: style)
    if listing.entries.isEmpty, listing.deadSockets.isEmpty {
      notes.insert(Self.noMatch(listing), at: 0)
    }
    guard !notes.isEmpty else { return }
    if !listing.entries.isEmpty || !listing.deadSockets.isEmpty { out.append("\n") }
    for note in notes {
      for line in style.wrap(note, columns: style.width) { out.append(line + "\n") }
    }
  }
}
