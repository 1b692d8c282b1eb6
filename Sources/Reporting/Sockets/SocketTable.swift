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
    for entry in listing.entries {
      let row = listing.row(entry)
      if isGrouped, row.namespace != namespace {
        namespace = row.namespace
        out.append(style.mark(heading(row.namespace), .strong) + "\n")
      }
      write(entry, row)
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

  private static let titles = ["State", "Recv-Q", "Send-Q", "Local", "Peer", "Age", "Process"]

  /// Columns are as wide as what they hold, up to what leaves room for the next ones.
  private mutating func layOut() {
    var widths = [10, 6, 6, 5, 4, 3]
    let limits = [14, 10, 10, isWide ? 48 : 21, isWide ? 48 : 21, 9]
    func note(_ index: Int, _ size: Int) {
      if size > widths[index] { widths[index] = min(size, limits[index]) }
    }
    var text: [UInt8] = []
    for entry in listing.entries {
      let row = listing.row(entry)
      for (index, endpoint) in [(3, row.local), (4, row.remote)] {
        text.removeAll(keepingCapacity: true)
        text.append(endpoint)
        note(index, text.count)
      }
      note(1, Self.digits(row.receiveQueue))
      note(2, Self.digits(row.sendQueue))
      note(5, Quantity.shortAge(entry.age).utf8.count)
    }
    stops = [0]
    for width in widths { stops.append((stops.last ?? 0) + width + 1) }
  }

  private static func digits(_ value: UInt32) -> Int {
    var count = 1
    var rest = value / 10
    while rest > 0 {
      count += 1
      rest /= 10
    }
    return count
  }

  private mutating func writeHeader() {
    for (index, title) in Self.titles.enumerated() {
      cell.append(title)
      put(index, columns: title.utf8.count, isNumber: (1...2).contains(index) || index == 5)
    }
    endLine()
  }

  private mutating func write(_ entry: SocketListing.Entry, _ row: SocketRow) {
    cell.append(row.state == .established ? "ESTAB" : row.state.name)
    put(0)
    cell.appendDecimal(row.receiveQueue)
    put(1, isNumber: true)
    if row.state == .listen, !row.knowledge.contains(.acceptQueueLimit) {
      cell.append("-")
    } else {
      cell.appendDecimal(row.sendQueue)
    }
    put(2, isNumber: true)
    cell.append(row.local)
    put(3)
    cell.append(row.remote)
    put(4)
    cell.append(Quantity.shortAge(entry.age))
    put(5, isNumber: true)
    let who = HolderWords(listing, unicode: style.unicode).words(for: entry, row)
    for (index, part) in who.enumerated() {
      let part = index + 1 < who.count ? part + "," : part
      cell.append(part)
      put(6, columns: UntrustedText.columns(part), follows: index > 0)
    }
    endLine()
  }

  /// Places the cell at its column, or further right when the ones before were too long, or on a
  /// line of its own when it would pass the edge.
  ///
  /// - Parameter follows: Whether it goes on with the cell before it instead of its own column.
  private mutating func put(
    _ index: Int, columns: Int? = nil, isNumber: Bool = false, follows: Bool = false
  ) {
    let size = columns ?? cell.count
    var start = follows ? column : stops[index]
    if isNumber, index + 1 < stops.count { start = max(start, stops[index + 1] - 1 - size) }
    if column > 0 { start = max(start, column + 1) }
    if !isWide, column > 0, start + size > style.width {
      endLine()
      start = min(stops[3], max(0, style.width - size))
    }
    out.appendSpaces(start - column)
    out.append(contentsOf: cell)
    column = start + size
    cell.removeAll(keepingCapacity: true)
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

  private mutating func writeNotes() {
    var notes: [String] = []
    if listing.unknownAges > 0 {
      let count = Quantity.count(listing.unknownAges, "socket")
      notes.append("\(count) left out: the kernel does not say how old they are.")
    }
    if listing.entries.isEmpty, listing.deadSockets.isEmpty {
      let seen = Quantity.count(listing.sample.sockets.count, "socket")
      notes.insert("No socket matches, of \(seen) looked at.", at: 0)
    }
    notes += listing.gaps.map {
      GapWords.sentence($0, unicode: style.unicode, isRoot: listing.wasReadAsRoot)
    }
    guard !notes.isEmpty else { return }
    if !listing.entries.isEmpty || !listing.deadSockets.isEmpty { out.append("\n") }
    for note in notes {
      for line in style.wrap(note, columns: style.width) { out.append(line + "\n") }
    }
  }
}
