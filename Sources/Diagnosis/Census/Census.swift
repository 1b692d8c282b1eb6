// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Somewhere that connections of a namespace go to.
package struct OpenerPlace: Hashable, Sendable {
  package var namespace: NetnsID
  package var remote: Endpoint
}

/// All connections of a host over time: their states and how long they have been in them, who
/// holds them, who has left, and which descriptors stay on dead ones.
///
/// A value without a clock: the same samples in the same order always make the same census.
package struct Census: Sendable {
  package private(set) var sample: Sample
  package private(set) var listeners: ListenerIndex
  package internal(set) var processes = ProcessTable()
  package internal(set) var holders = HolderMap()
  package internal(set) var departures = DepartureLog()
  package internal(set) var ghosts = GhostLog()
  /// Processes whose holder search was denied or that hid: "no holder" then proves nothing.
  package internal(set) var holderGaps: [Gap] = []
  package internal(set) var descriptorsInFlight = 0
  package internal(set) var counters = CounterLog()
  /// Who was caught opening connections to a place: connections by process index.
  package internal(set) var caughtOpeners: [OpenerPlace: [Int32: Int]] = [:]
  /// How many looks were taken, and when the first was.
  package private(set) var looks = 1
  package let firstLookAt: BootInstant
  /// The look before the newest.
  package private(set) var previousLookAt: BootInstant?
  /// The longest time between two looks that came late by a factor of three or more, if any.
  package private(set) var longestGapSeconds: Double?
  /// Rows that were not remembered because ``RuleSettings/connectionLimit`` was reached.
  package private(set) var foldedRows = 0

  private var slots: [Connection?] = []
  private var free: [Int32] = []
  private var index: [SocketID: Int32] = [:]
  private let limit: Int
  private var usualInterval: Double?
  /// Whether the newest look came late.
  private var isAfterGap = false
  /// How long connections of a namespace are kept that can't be read for the moment.
  private static let unreadNamespaceKeptSeconds = 600.0

  package init(_ first: Sample, limit: Int) {
    sample = first
    listeners = ListenerIndex(first.sockets)
    firstLookAt = first.takenAt
    self.limit = limit
    index.reserveCapacity(min(first.sockets.count, limit))
    takeIn(first, isFirst: true)
    counters.record(first)
  }

  /// Time watched so far.
  package var watchedSeconds: Double { now.seconds(since: firstLookAt) }
  package var now: BootInstant { sample.takenAt }
  /// Seconds between the last two looks.
  package var intervalSeconds: Double {
    previousLookAt.map { now.seconds(since: $0) } ?? 0
  }

  /// Every connection remembered; those not in the newest sample have a row index of -1.
  package var connections: some Sequence<Connection> { slots.lazy.compactMap { $0 } }
  package var connectionCount: Int { index.count }

  /// The slots of the connections in the newest sample, by the number of their state.
  func slotsByState() -> [[Int32]] {
    var found = [[Int32]](repeating: [], count: 256)
    for slot in slots.indices {
      guard let connection = slots[slot], connection.rowIndex >= 0 else { continue }
      found[Int(connection.state.rawValue)].append(Int32(slot))
    }
    return found
  }

  func connection(slot: Int32) -> Connection? { slots[Int(slot)] }

  package func row(of connection: Connection) -> SocketRow? {
    connection.rowIndex >= 0 ? sample.sockets[Int(connection.rowIndex)] : nil
  }

  package func connection(of row: SocketRow) -> Connection? {
    index[SocketID(row)].flatMap { slots[Int($0)] }
  }

  package func namespace(_ id: NetnsID) -> NamespaceSample? {
    sample.namespaces.first { $0.id == id }
  }

  // MARK: A further look

  mutating func advance(with next: Sample) {
    precondition(next.takenAt >= sample.takenAt, "samples must come in the order of their clock")
    let interval = next.takenAt.seconds(since: sample.takenAt)
    if let usual = usualInterval, interval > 3 * usual + 1 {
      longestGapSeconds = max(longestGapSeconds ?? 0, interval)
      isAfterGap = true
    } else {
      isAfterGap = false
      usualInterval = interval
    }
    previousLookAt = sample.takenAt
    looks += 1
    sample = next
    listeners = ListenerIndex(next.sockets)
    takeIn(next, isFirst: false)
    counters.record(next)
    removeAbsent()
  }

  private mutating func takeIn(_ sample: Sample, isFirst: Bool) {
    foldedRows = 0
    for slot in slots.indices { slots[slot]?.rowIndex = -1 }
    for (position, row) in sample.sockets.enumerated() where row.state != .listen {
      let age = row.age(takenAt: sample.takenAt)
      let id = SocketID(row)
      if let slot = index[id], let known = slots[Int(slot)],
        row.inode == 0 || known.inode == 0 || known.inode == row.inode
      {
        update(Int(slot), with: row, at: Int32(position), age: age)
      } else {
        add(row, id: id, at: Int32(position), age: age, isFirst: isFirst)
      }
    }
  }

  private mutating func update(_ slot: Int, with row: SocketRow, at position: Int32, age: Age) {
    guard let before = slots[slot] else { return }
    if before.state != row.state { recordDeparture(of: before, at: sample.takenAt) }
    slots[slot]?.update(row, at: sample.takenAt, age: age, isAfterGap: isAfterGap)
    slots[slot]?.rowIndex = position
  }

  private mutating func add(
    _ row: SocketRow, id: SocketID, at position: Int32, age: Age, isFirst: Bool
  ) {
    // The same addresses with another inode: the old connection is gone, this one is new.
    if let stale = index[id] { remove(Int(stale)) }
    guard index.count < limit else {
      foldedRows += 1
      return
    }
    var connection = Connection(row, at: sample.takenAt, age: age, isFirstLook: isFirst)
    connection.rowIndex = position
    if listeners.isListening(port: row.localPort, in: row.namespace) {
      connection.flags.insert(.isInbound)
    }
    if let slot = free.popLast() {
      slots[Int(slot)] = connection
      index[id] = slot
    } else {
      index[id] = Int32(slots.count)
      slots.append(connection)
    }
  }

  /// Removes what two looks in a row did not show although they asked for its state. One absence
  /// proves nothing: long hash chains lose rows while the table changes.
  private mutating func removeAbsent() {
    let wasCut = sample.gaps.contains {
      $0.kind == .boundReached || $0.kind == .dumpInterrupted
    }
    let read = Set(sample.namespaces.map(\.id))
    let someUnread = sample.gaps.contains { $0.kind == .namespaceNotRead }
    for slot in slots.indices {
      guard let connection = slots[slot], connection.rowIndex < 0,
        sample.states.contains(connection.state), !wasCut
      else { continue }
      // Its namespace may be the one that was not read. Bounded, as it may as well have gone.
      if someUnread, !read.contains(connection.id.namespace),
        now.seconds(since: connection.lastSeen) < Self.unreadNamespaceKeptSeconds
      {
        continue
      }
      if connection.absences >= 1 {
        remove(slot)
      } else {
        slots[slot]?.absences += 1
      }
    }
  }

  private mutating func remove(_ slot: Int) {
    guard let connection = slots[slot] else { return }
    slots[slot] = nil
    free.append(Int32(slot))
    index[connection.id] = nil
    // A row that vanishes without LAST_ACK or TIME_WAIT may have died under an open descriptor.
    let canBeGhost: [TCPState] = [
      .established, .closeWait, .synSent, .finWait2, .finWait1, .lastAck,
    ]
    if connection.inode != 0, connection.opener >= 0, canBeGhost.contains(connection.state) {
      ghosts.connectionGone(connection)
    } else {
      recordDeparture(of: connection, at: sample.takenAt)
      if connection.inode != 0 { holders.forget(connection.inode) }
    }
  }

  mutating func recordDeparture(of connection: Connection, at instant: BootInstant) {
    departures.record(
      Departure(
        at: instant,
        dwellSeconds: max(0, connection.lastSeen.seconds(since: connection.stateSince)),
        process: connection.opener),
      key: PortKey(connection))
  }

  // MARK: Attribution

  /// Notes who holds each connection; the first holder ever seen stays its opener.
  mutating func noteOpeners() {
    for slot in slots.indices {
      guard let connection = slots[slot], connection.opener < 0, connection.inode != 0,
        let holder = holders.first(of: connection.inode)
      else { continue }
      slots[slot]?.opener = holder.process
    }
  }

  /// Drops what no connection, departure or ghost refers to any more.
  mutating func forgetOldProcesses() {
    departures.forget(before: now.advanced(bySeconds: -86400))
    var wanted = holders.processes.union(departures.processes).union(ghosts.processes)
    wanted.formUnion(caughtOpeners.values.flatMap(\.keys))
    for connection in connections { wanted.insert(connection.opener) }
    for index in wanted {
      guard let record = processes[index], let parent = processes.index(pid: record.parent)
      else { continue }
      wanted.insert(parent)
    }
    processes.keepOnly(wanted)
  }
}
