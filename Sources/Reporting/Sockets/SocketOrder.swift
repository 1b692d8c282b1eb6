// SPDX-License-Identifier: Apache-2.0

import Diagnosis
package import KernelTables

/// The rows of a ``SocketListing`` in their order, with all that can be told of them before it is
/// known who holds them: it is made while the holders are looked for.
package struct SocketOrder: Sendable {
  /// A listener that sockets wait for, without its holders.
  struct Listener: Sendable {
    var local: Endpoint
    /// Those of all that share the address and the port.
    var inodes: [UInt64]
  }

  private(set) var sample: Sample
  let filter: SocketFilter
  private(set) var entries: [SocketListing.Entry] = []
  private(set) var listeners: [Listener] = []
  /// Where in ``entries`` an inode is, by inode.
  private(set) var places: [(inode: UInt64, entry: Int32)] = []
  /// Sockets left out because their age is unknown and a minimum age was asked for.
  private(set) var unknownAges = 0

  /// - Parameters:
  ///   - filter: What it says of processes is left to the listing.
  ///   - age: How old a socket's state is, by what the kernel says.
  package init(
    _ sample: consuming Sample, filter: SocketFilter = SocketFilter(), age: (SocketRow) -> Age
  ) {
    self.sample = sample
    self.filter = filter
    choose(age)
    sort()
    places.reserveCapacity(entries.count)
    for (position, entry) in entries.enumerated() {
      let inode = row(entry).inode
      if inode != 0 { places.append((inode, Int32(position))) }
    }
    places.sort { ($0.inode, $0.entry) < ($1.inode, $1.entry) }
  }

  private func row(_ entry: SocketListing.Entry) -> SocketRow {
    sample.sockets[Int(entry.row)]
  }

  /// Takes the rows that the filter admits.
  private mutating func choose(_ age: (SocketRow) -> Age) {
    let index = ListenerIndex(sample.sockets)
    var known: [Endpoint: Int32] = [:]
    var namespace: NetnsID?
    entries.reserveCapacity(sample.sockets.count)
    for (position, row) in sample.sockets.enumerated() {
      if row.namespace != namespace {
        namespace = row.namespace
        known.removeAll(keepingCapacity: true)
      }
      let age = age(row)
      guard filter.admits(row, age: age) else {
        countUnknownAge(row, age)
        continue
      }
      var entry = SocketListing.Entry(
        row: Int32(position), age: age, holders: 0..<0, listener: nil)
      if row.isUnaccepted || row.state == .synRecv || row.state == .newSynRecv {
        entry.listener = listener(of: row, index, &known)
      }
      entries.append(entry)
    }
  }

  private mutating func countUnknownAge(_ row: SocketRow, _ age: Age) {
    guard age.bound == .unknown, filter.minimumAgeSeconds != nil else { return }
    var rest = filter
    rest.minimumAgeSeconds = nil
    if rest.admits(row, age: age) { unknownAges += 1 }
  }

  private mutating func listener(
    of row: SocketRow, _ index: ListenerIndex, _ known: inout [Endpoint: Int32]
  ) -> Int32? {
    if let position = known[row.local] { return position }
    let candidates = index.listeners(of: row, in: sample.sockets).map { sample.sockets[Int($0)] }
    guard let first = candidates.first else { return nil }
    let position = Int32(listeners.count)
    listeners.append(Listener(local: first.local, inodes: candidates.map(\.inode)))
    known[row.local] = position
    return position
  }

  /// Puts the namespace of closewatch first, and in each one what waits to be closed before what
  /// lives; then by port. The same rows in any order give the same listing.
  private mutating func sort() {
    let order = Dictionary(
      sample.namespaces.sorted { ($0.isOwn ? 0 : 1, $0.id) < ($1.isOwn ? 0 : 1, $1.id) }
        .enumerated().map { ($1.id, UInt64($0 + 1)) }, uniquingKeysWith: { first, _ in first })
    var keys: [(key: UInt64, entry: Int32)] = []
    keys.reserveCapacity(entries.count)
    for (position, entry) in entries.enumerated() {
      let row = row(entry)
      let place = min(order[row.namespace] ?? 0xffff, 0xffff)
      let key =
        place << 48 | UInt64(SocketListing.rank(row.state)) << 32 | UInt64(row.localPort) << 16
        | UInt64(row.remotePort)
      keys.append((key: key, entry: Int32(position)))
    }
    keys.sort { a, b in
      if a.key != b.key { return a.key < b.key }
      let (first, second) = (row(entries[Int(a.entry)]), row(entries[Int(b.entry)]))
      return (first.remote, first.local, first.cookie, first.inode)
        < (second.remote, second.local, second.cookie, second.inode)
    }
    entries = keys.map { entries[Int($0.entry)] }
    // Whoever shows all of them comes to each row in turn, and not from anywhere in memory.
    guard entries.count == sample.sockets.count else { return }
    sample.sockets = entries.map { sample.sockets[Int($0.row)] }
    for position in entries.indices { entries[position].row = Int32(position) }
  }
}
