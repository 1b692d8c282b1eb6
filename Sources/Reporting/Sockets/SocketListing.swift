// SPDX-License-Identifier: Apache-2.0

import Diagnosis
package import KernelTables

/// Sockets joined with who holds them, for whom they wait, and how old they are.
///
/// The rows stay where the sample has them; an entry is an index into them, so that a host with
/// hundreds of thousands of sockets can be listed without a copy of each.
package struct SocketListing: Sendable {
  /// One socket of the listing.
  package struct Entry: Sendable {
    /// The position in the sample's rows.
    package var row: Int32
    package var age: Age
    /// The positions in ``holders``.
    package var holders: Range<Int32>
    /// The position in ``listeners``, for a socket that waits for a listener.
    package var listener: Int32?
  }

  /// What a connection that was not accepted yet waits for.
  package struct Listener: Sendable {
    package var local: Endpoint
    /// Everyone who holds one of the listeners on this address and port.
    package var holders: [SocketHolder]
  }

  package let sample: Sample
  package private(set) var entries: [Entry] = []
  package private(set) var listeners: [Listener] = []
  /// All holders, by inode.
  package let holders: [SocketHolder]
  package let processes: [Int32: ProcessRecord]
  package private(set) var deadSockets: [DeadDescriptor]
  package let gaps: [Gap]
  /// Whether every process was looked at, so that "no holder" means something.
  package let isComplete: Bool
  package let descriptorsInFlight: Int
  /// Whether closewatch ran as root: then it is no advice to do so.
  package var wasReadAsRoot = false
  /// Sockets left out because their age is unknown and a minimum age was asked for.
  package private(set) var unknownAges = 0

  /// - Parameter age: How old a socket's state is, by what the kernel says.
  package init(
    _ sample: Sample, _ report: consuming HolderReport, filter: SocketFilter = SocketFilter(),
    age: (SocketRow) -> Age
  ) {
    self.sample = sample
    // Taken out of the report and sorted where they are: there can be hundreds of thousands.
    var found = report.holders
    report.holders = []
    found.sort { a, b in
      if a.inode != b.inode { return a.inode < b.inode }
      return (a.process, a.fd) < (b.process, b.fd)
    }
    holders = found
    processes = Dictionary(
      report.processes.map { ($0.id.pid, $0) }, uniquingKeysWith: { first, _ in first })
    deadSockets = report.deadSockets.sorted { ($0.process, $0.fd) < ($1.process, $1.fd) }
    gaps = Self.merged(sample.gaps + report.gaps)
    isComplete = report.isComplete
    descriptorsInFlight = report.descriptorsInFlight
    join(filter, age)
  }

  /// The row of an entry.
  package func row(_ entry: Entry) -> SocketRow { sample.sockets[Int(entry.row)] }

  /// The `comm` of a process; nil when it was not read.
  package func command(_ pid: Int32) -> String? { processes[pid]?.command }

  /// Descriptors on dead sockets alone, of the process and unit asked for.
  package func deadSocketsOnly(pid: Int32?, unit: String?) -> SocketListing {
    var filter = SocketFilter()
    filter.pid = pid
    filter.unit = unit
    var only = self
    only.entries = []
    only.deadSockets = deadSockets.filter { deadSocket in
      let process = processes[deadSocket.process.pid]
      return filter.admits(
        processes: process.map { [$0] } ?? [], pids: [deadSocket.process.pid], owned: true)
    }
    return only
  }

  private mutating func join(_ filter: SocketFilter, _ age: (SocketRow) -> Age) {
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
        countUnknownAge(row, age, filter)
        continue
      }
      let range = row.inode == 0 ? 0..<0 : range(of: row.inode)
      var entry = Entry(row: Int32(position), age: age, holders: range, listener: nil)
      if row.isUnaccepted || row.state == .synRecv || row.state == .newSynRecv {
        entry.listener = listener(of: row, index, &known)
      }
      if !filter.asksForProcesses || admits(entry, filter) { entries.append(entry) }
    }
    sort()
  }

  private mutating func countUnknownAge(_ row: SocketRow, _ age: Age, _ filter: SocketFilter) {
    guard age.bound == .unknown, filter.minimumAgeSeconds != nil else { return }
    var rest = filter
    rest.minimumAgeSeconds = nil
    if rest.admits(row, age: age) { unknownAges += 1 }
  }

  private mutating func listener(
    of row: SocketRow, _ index: ListenerIndex, _ known: inout [Endpoint: Int32]
  ) -> Int32? {
    if let position = known[row.local] { return position }
    let candidates = index.listeners(of: row, in: sample.sockets).map {
      sample.sockets[Int($0)]
    }
    guard let first = candidates.first else { return nil }
    let all = candidates.flatMap { candidate in
      range(of: candidate.inode).map { holders[Int($0)] }
    }
    let position = Int32(listeners.count)
    listeners.append(Listener(local: first.local, holders: all))
    known[row.local] = position
    return position
  }

  private func admits(_ entry: Entry, _ filter: SocketFilter) -> Bool {
    var pids = entry.holders.map { holders[Int($0)].process.pid }
    let owned = !pids.isEmpty
    if let listener = entry.listener {
      pids += listeners[Int(listener)].holders.map(\.process.pid)
    }
    let records = pids.compactMap { processes[$0] }
    return filter.admits(processes: records, pids: pids, owned: owned)
  }

  /// Puts the namespace of closewatch first, and in each one what waits to be closed before what
  /// lives; then by port. The same rows in any order give the same listing.
  private mutating func sort() {
    let order = Dictionary(
      sample.namespaces.sorted { ($0.isOwn ? 0 : 1, $0.id) < ($1.isOwn ? 0 : 1, $1.id) }
        .enumerated().map { ($1.id, UInt64($0 + 1)) }, uniquingKeysWith: { first, _ in first })
    var places: [(key: UInt64, entry: Int32)] = []
    places.reserveCapacity(entries.count)
    for (position, entry) in entries.enumerated() {
      let row = row(entry)
      let place = min(order[row.namespace] ?? 0xffff, 0xffff)
      let key =
        place << 48 | UInt64(Self.rank(row.state)) << 32 | UInt64(row.localPort) << 16
        | UInt64(row.remotePort)
      places.append((key: key, entry: Int32(position)))
    }
    places.sort { a, b in
      if a.key != b.key { return a.key < b.key }
      let (first, second) = (row(entries[Int(a.entry)]), row(entries[Int(b.entry)]))
      return (first.remote, first.local, first.cookie, first.inode)
        < (second.remote, second.local, second.cookie, second.inode)
    }
    arrange(&places)
  }

  /// Puts the entries in the order of `places`, where they are: cycle by cycle.
  private mutating func arrange(_ places: inout [(key: UInt64, entry: Int32)]) {
    for start in places.indices where places[start].entry != start {
      let displaced = entries[start]
      var hole = start
      while true {
        let source = Int(places[hole].entry)
        places[hole].entry = Int32(hole)
        guard source != start else { break }
        entries[hole] = entries[source]
        hole = source
      }
      entries[hole] = displaced
    }
  }

  /// Where a state stands in a listing: what needs a person first.
  static func rank(_ state: TCPState) -> Int {
    let order: [TCPState] = [
      .closeWait, .finWait2, .finWait1, .lastAck, .closing, .close, .synRecv, .newSynRecv,
      .synSent, .listen, .established, .timeWait,
    ]
    return order.firstIndex(of: state) ?? order.count
  }

  /// The holders of one socket, found by halving: a dictionary would be as large as the holders.
  private func range(of inode: UInt64) -> Range<Int32> {
    var low = 0
    var high = holders.count
    while low < high {
      let middle = (low + high) / 2
      if holders[middle].inode < inode { low = middle + 1 } else { high = middle }
    }
    var end = low
    while end < holders.count, holders[end].inode == inode { end += 1 }
    return Int32(low)..<Int32(end)
  }

  /// One gap for each kind and text.
  static func merged(_ gaps: [Gap]) -> [Gap] {
    var merged: [Gap] = []
    for gap in gaps where !merged.contains(gap) { merged.append(gap) }
    return merged
  }
}
