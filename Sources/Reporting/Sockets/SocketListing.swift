// SPDX-License-Identifier: Apache-2.0

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
  /// Of the entries, in their order.
  package private(set) var holders: [SocketHolder] = []
  package let processes: [Int32: ProcessRecord]
  package private(set) var deadSockets: [DeadDescriptor]
  package let gaps: [Gap]
  /// Whether every process was looked at, so that "no holder" means something.
  package let isComplete: Bool
  package let descriptorsInFlight: Int?
  /// Whether closewatch ran as root: then it is no advice to do so.
  package var wasReadAsRoot = false
  /// Sockets left out because their age is unknown and a minimum age was asked for.
  package let unknownAges: Int

  package init(_ order: consuming SocketOrder, _ report: HolderReport) {
    sample = order.sample
    entries = order.entries
    unknownAges = order.unknownAges
    processes = Dictionary(
      report.processes.map { ($0.id.pid, $0) }, uniquingKeysWith: { first, _ in first })
    deadSockets = report.deadSockets.sorted { ($0.process, $0.fd) < ($1.process, $1.fd) }
    gaps = Self.merged(sample.gaps + report.gaps)
    isComplete = report.isComplete
    descriptorsInFlight = report.descriptorsInFlight
    attach(report.holders, order.places)
    attach(report.holders, toListeners: order.listeners)
    let filter = order.filter
    if filter.asksForProcesses { entries = entries.filter { admits($0, filter) } }
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

  /// Puts the holders of each entry together, in the order of the entries.
  ///
  /// - Parameter places: Where an inode is listed, by inode.
  private mutating func attach(
    _ found: [SocketHolder], _ places: [(inode: UInt64, entry: Int32)]
  ) {
    var ends = [Int32](repeating: 0, count: entries.count + 1)
    // Which entry each is of. They come process by process, whose inodes often follow each other.
    var owners = [Int32](repeating: -1, count: found.count)
    var next = 0
    for (index, holder) in found.enumerated() {
      if next >= places.count || places[next].inode != holder.inode {
        next = Self.place(of: holder.inode, in: places)
        guard next < places.count, places[next].inode == holder.inode else { continue }
      }
      owners[index] = places[next].entry
      ends[Int(places[next].entry) + 1] += 1
      // A socket that two hold is the next one's as well.
      if index + 1 < found.count, found[index + 1].inode != holder.inode { next += 1 }
    }
    for entry in entries.indices { ends[entry + 1] += ends[entry] }
    for entry in entries.indices { entries[entry].holders = ends[entry]..<ends[entry + 1] }
    guard let last = ends.last, last > 0 else { return }
    var positions = ends
    holders = [SocketHolder](repeating: found[0], count: Int(last))
    for (index, owner) in owners.enumerated() where owner >= 0 {
      holders[Int(positions[Int(owner)])] = found[index]
      positions[Int(owner)] += 1
    }
    for entry in entries where entry.holders.count > 1 {
      holders[Int(entry.holders.lowerBound)..<Int(entry.holders.upperBound)].sort(by: Self.isFirst)
    }
    // No live host has two rows of one inode, but a recording can.
    for index in places.indices.dropFirst() where places[index].inode == places[index - 1].inode {
      entries[Int(places[index].entry)].holders = entries[Int(places[index - 1].entry)].holders
    }
  }

  /// The first place at which `inode` is, or would be.
  private static func place(
    of inode: UInt64, in places: [(inode: UInt64, entry: Int32)]
  ) -> Int {
    var (low, high) = (0, places.count)
    while low < high {
      let middle = (low + high) / 2
      if places[middle].inode < inode { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private static func isFirst(_ a: SocketHolder, _ b: SocketHolder) -> Bool {
    (a.process, a.fd) < (b.process, b.fd)
  }

  private mutating func attach(
    _ found: [SocketHolder], toListeners awaited: [SocketOrder.Listener]
  ) {
    let inodes = Set(awaited.flatMap(\.inodes))
    guard !inodes.isEmpty else { return }
    let held = Dictionary(grouping: found.filter { inodes.contains($0.inode) }, by: \.inode)
    listeners = awaited.map { listener in
      Listener(
        local: listener.local,
        holders: listener.inodes.flatMap { (held[$0] ?? []).sorted(by: Self.isFirst) })
    }
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

  /// Where a state stands in a listing: what needs a person first.
  static func rank(_ state: TCPState) -> Int { order.firstIndex(of: state) ?? order.count }

  private static let order: [TCPState] = [
    .closeWait, .finWait2, .finWait1, .lastAck, .closing, .close, .synRecv, .newSynRecv,
    .synSent, .listen, .established, .timeWait,
  ]

  /// One gap for each kind and text.
  static func merged(_ gaps: [Gap]) -> [Gap] {
    var merged: [Gap] = []
    for gap in gaps where !merged.contains(gap) { merged.append(gap) }
    return merged
  }
}
