// SPDX-License-Identifier: Apache-2.0

package import KernelTables

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
  /// Sockets that each process (by index) has lost since the last answer of the host.
  var lost: [Int32: Int] = [:]
  package internal(set) var deadSockets = DeadSocketLog()
  /// What hid from the search for holders: "no holder" then proves nothing.
  package internal(set) var holderGaps: [Gap] = []
  package internal(set) var descriptorsInFlight: Int? = 0
  package internal(set) var counters = CounterLog()
  package private(set) var queues = QueueLog()
  /// Who was seen to open connections to places where the ports run out.
  package internal(set) var openersByPlace = OpenersByPlace()
  /// Who connects where, where the kernel counts it.
  package private(set) var connects: ConnectLog
  /// How many looks were taken, and when the first was.
  package private(set) var looks = 1
  package let firstLookAt: BootInstant
  /// The look before the newest.
  package private(set) var previousLookAt: BootInstant?
  /// Whether any sample has read ESTABLISHED: until then, none seen does not mean none.
  package private(set) var hasReadEstablished = false
  /// The latest gap between two looks that was longer than the usual pace.
  package private(set) var newestGap: (endedAt: BootInstant, seconds: Double)?
  /// Processes that are known to have ended.
  package internal(set) var ended = EndedProcesses()
  /// Rows that were not remembered because ``RuleSettings/connectionLimit`` was reached.
  package private(set) var foldedRows = 0

  /// Slots that are not in use have no look that showed them and are in ``free``.
  private var slots: [Connection] = []
  private var free: [Int32] = []
  private var index = SlotTable()
  /// Whether the rows of the newest sample are there: see ``giveUpRows()``.
  package private(set) var hasRows = false
  /// Inodes of the listeners of rows that were given up.
  private var listenersBefore: Set<UInt64> = []
  /// The slot of each row of the newest sample; -1 for listeners and rows that are not remembered.
  private var slotOfRow: [Int32] = []
  /// The same of the sample before: what can have gone since, where no more is asked for now.
  private var slotsShownBefore: [Int32] = []
  /// Slots that are kept although a look at their state did not show them; nil: not all known.
  private var missed: [Int32]?
  private let limit: Int
  /// What may still be forgotten for something that matters more, and where to look for it.
  private var forgettable: [TCPState] = []
  private var nextForgettable = 0
  private var usualInterval: Double?
  /// The interval before, if it was late, and how many of its kind came one after the other.
  private var late: (interval: Double, count: Int)?
  /// Whether the newest look came late. Who has left meanwhile is known by the next one.
  private(set) var isAfterGap = false
  /// How long connections are kept whose namespace or row was not read.
  static let unreadKeptSeconds = 3600.0

  package init(_ first: Sample, limit: Int) {
    sample = first
    listeners = ListenerIndex(first.sockets)
    firstLookAt = first.takenAt
    self.limit = limit
    connects = ConnectLog(first)
    let most = min(first.sockets.count, limit)
    index = SlotTable(capacity: most)
    slots.reserveCapacity(most)
    takeIn(first, isFirst: true)
    counters.record(first)
    queues.record(first, listeners)
  }

  /// Time watched so far.
  package var watchedSeconds: Double { now.seconds(since: firstLookAt) }
  package var now: BootInstant { sample.takenAt }
  /// Seconds between the last two looks.
  package var intervalSeconds: Double {
    previousLookAt.map { now.seconds(since: $0) } ?? 0
  }

  /// Every connection remembered; those not in the newest sample have a row index of -1.
  package var connections: some Sequence<Connection> { slots.lazy.filter { $0.isInUse } }
  package var connectionCount: Int { index.count }

  /// The slots of the connections in the newest sample, by the number of their state.
  func slotsByState() -> [[Int32]] {
    var counts = [Int](repeating: 0, count: 256)
    for row in sample.sockets { counts[Int(row.state.rawValue)] += 1 }
    var found = [[Int32]](repeating: [], count: 256)
    for state in found.indices { found[state].reserveCapacity(counts[state]) }
    for (position, slot) in slotOfRow.enumerated() where slot >= 0 {
      found[Int(sample.sockets[position].state.rawValue)].append(slot)
    }
    return found
  }

  func connection(slot: Int32) -> Connection { slots[Int(slot)] }

  /// The connection of a row of the newest sample, by the row's position.
  package func connection(at position: Int) -> Connection? {
    let slot = slotOfRow[position]
    return slot < 0 ? nil : slots[Int(slot)]
  }

  /// What is remembered of a connection beyond its row, without a copy of the whole.
  struct Remembered {
    var opener: Int32
    var stateSince: BootInstant
    var quietSince: BootInstant
    var isExact: Bool

    var since: OwnerAccount.Since { OwnerAccount.Since(at: stateSince, isExact: isExact) }
  }

  @inline(__always)
  func remembered(at position: Int) -> Remembered? {
    let slot = Int(slotOfRow[position])
    guard slot >= 0 else { return nil }
    return Remembered(
      opener: slots[slot].opener, stateSince: slots[slot].stateSince,
      quietSince: max(slots[slot].stateSince, slots[slot].progressAt),
      isExact: slots[slot].flags.contains(.sinceIsExact))
  }

  package func row(of connection: Connection) -> SocketRow? {
    connection.rowIndex >= 0 ? sample.sockets[Int(connection.rowIndex)] : nil
  }

  package func connection(of row: SocketRow) -> Connection? { connection(SocketID(row)) }

  func connection(_ id: SocketID) -> Connection? { slot(of: id).map { slots[Int($0)] } }

  package func namespace(_ id: NetnsID) -> NamespaceSample? {
    sample.namespaces.first { $0.id == id }
  }

  // MARK: A further look

  /// Gives up the rows of the newest sample before the next look is asked for: then who looks has
  /// rows of its own, and there is memory for those of one of us only. What is remembered of
  /// connections stays. Until the next look nothing can be listed or judged.
  package mutating func giveUpRows() {
    guard hasRows else { return }
    hasRows = false
    listenersBefore = Set(listeners.all.map { sample.sockets[Int($0)].inode })
    sample.sockets = []
    listeners = ListenerIndex([])
    swap(&slotOfRow, &slotsShownBefore)
    slotOfRow.removeAll(keepingCapacity: true)
    for slot in slotsShownBefore where slot >= 0 { slots[Int(slot)].rowIndex = -1 }
  }

  mutating func advance(with next: Sample) {
    precondition(next.takenAt >= sample.takenAt, "samples must come in the order of their clock")
    giveUpRows()
    let interval = next.takenAt.seconds(since: sample.takenAt)
    notePace(interval, at: next.takenAt)
    let previousStates = sample.states
    previousLookAt = sample.takenAt
    looks += 1
    forgetListeners(goneFrom: next)
    sample = next
    listeners = ListenerIndex(next.sockets)
    takeIn(next, isFirst: false)
    counters.record(next)
    queues.record(next, listeners)
    connects.record(next)
    removeAbsent(asksForMore: !next.states.isSubset(of: previousStates))
  }

  /// A look that is late is a gap; the third one of its kind in a row is another pace. A host that
  /// was hardly able to look may be put to sleep right after.
  private mutating func notePace(_ interval: Double, at now: BootInstant) {
    let isLate = usualInterval.map { interval > 3 * $0 + 1 } ?? false
    let ofItsKind = late.map { interval <= 3 * $0.interval + 1 ? $0.count : 0 } ?? 0
    late = isLate ? (interval, ofItsKind + 1) : nil
    isAfterGap = isLate && ofItsKind < 2
    if isAfterGap { newestGap = (now, interval) } else { usualInterval = interval }
  }

  @inline(__always)
  private func slot(of id: SocketID) -> Int32? {
    index.first(id.hash) { slots[Int($0)].id == id }
  }

  private mutating func takeIn(_ sample: Sample, isFirst: Bool) {
    foldedRows = 0
    forgettable = RowBudget.goesFirst
    nextForgettable = 0
    hasRows = true
    if sample.states.contains(.established) { hasReadEstablished = true }
    slotOfRow.reserveCapacity(sample.sockets.count)
    // The kernel lists its hash table from the first bucket to the last: what was next to a row in
    // the look before is next to it now, so that most connections are found without a search.
    var expected = 0
    for (position, row) in sample.sockets.enumerated() {
      guard row.state != .listen else {
        slotOfRow.append(-1)
        continue
      }
      let age = row.age(takenAt: sample.takenAt)
      let id = SocketID(row)
      let slot = expectedSlot(of: id, at: expected) ?? self.slot(of: id)
      if let slot, slots[Int(slot)].isSameSocket(as: row) {
        expected = Int(slot) + 1
        update(Int(slot), with: row, at: Int32(position), age: age)
        slotOfRow.append(slot)
      } else {
        let slot = add(
          row, id: id, replacing: slot, at: Int32(position), age: age, isFirst: isFirst)
        slotOfRow.append(slot ?? -1)
      }
    }
  }

  /// The slot of a connection if it is one of the next few: some may have gone meanwhile.
  @inline(__always)
  private func expectedSlot(of id: SocketID, at expected: Int) -> Int32? {
    for slot in expected..<min(expected + 3, slots.count) where slots[slot].id == id {
      return slots[slot].isInUse ? Int32(slot) : nil
    }
    return nil
  }

  private mutating func update(_ slot: Int, with row: SocketRow, at position: Int32, age: Age) {
    if slots[slot].state != row.state { recordDeparture(of: slots[slot], at: sample.takenAt) }
    slots[slot].update(row, at: sample.takenAt, age: age, isAfterGap: isAfterGap)
    slots[slot].rowIndex = position
  }

  /// - Returns: Its slot; nil when there is no more room.
  private mutating func add(
    _ row: SocketRow, id: SocketID, replacing stale: Int32?, at position: Int32, age: Age,
    isFirst: Bool
  ) -> Int32? {
    // The same addresses with another inode: the old connection is gone, this one is new.
    if let stale { remove(Int(stale)) }
    guard index.count < limit || makeRoom(for: row.state) else {
      foldedRows += 1
      return nil
    }
    var connection = Connection(row, at: sample.takenAt, age: age, isFirstLook: isFirst)
    connection.rowIndex = position
    if !row.knowledge.contains(.opened),
      listeners.isListening(port: row.localPort, in: row.namespace)
    {
      connection.flags.insert(.isInbound)
    }
    let slot: Int32
    if let reused = free.popLast() {
      slots[Int(reused)] = connection
      slot = reused
    } else {
      slot = Int32(slots.count)
      slots.appendThriftily(connection)
    }
    index.insert(slot, hash: id.hash)
    return slot
  }

  /// Forgets a connection that matters less than one in this state. It has not left, so nothing is
  /// learnt from that.
  ///
  /// - Returns: Whether there was one. All slots are gone through once a look for each such state.
  private mutating func makeRoom(for state: TCPState) -> Bool {
    guard !RowBudget.goesFirst.contains(state) else { return false }
    while let least = forgettable.first {
      while nextForgettable < slots.count {
        let slot = nextForgettable
        nextForgettable += 1
        guard slots[slot].isInUse, slots[slot].state == least else { continue }
        let row = Int(slots[slot].rowIndex)
        if row >= 0 {
          slotOfRow[row] = -1
          foldedRows += 1
        }
        vacate(slot)
        if slots[slot].inode != 0 { holders.forget(slots[slot].inode) }
        return true
      }
      forgettable.removeFirst()
      nextForgettable = 0
    }
    return false
  }

  /// Removes what two looks in a row did not show although they asked for its state. One absence
  /// proves nothing: long hash chains lose rows while the table changes.
  ///
  /// - Parameter asksForMore: Whether this look asks for states that the one before did not: then
  ///   any connection can be one that it looked for in vain.
  private mutating func removeAbsent(asksForMore: Bool) {
    // What was left out for want of memory was counted: other states are whole.
    let leftOut = sample.leftOut.reduce(0) { $0 + $1.count }
    let wasCut = sample.gaps.contains {
      $0.kind == .boundReached && $0.count > leftOut || $0.kind == .dumpInterrupted
    }
    guard !wasCut else {
      missed = nil
      return
    }
    let read = Set(sample.namespaces.map(\.id))
    let someUnread = sample.gaps.contains { $0.kind == .namespaceNotRead }
    let cut = StateSet(sample.leftOut.map(\.state))
    var kept: [Int32] = []
    let judge = { (census: inout Census, slot: Int32) in
      if census.removeIfAbsent(Int(slot), read: read, someUnread: someUnread, cut: cut) {
        kept.append(slot)
      }
    }
    if let missed, !asksForMore {
      for slot in slotsShownBefore where slot >= 0 { judge(&self, slot) }
      for slot in missed { judge(&self, slot) }
    } else {
      for slot in slots.indices { judge(&self, Int32(slot)) }
    }
    missed = kept
  }

  /// - Parameter cut: States of which not every row was kept.
  /// - Returns: Whether it was looked for in vain, and stays.
  @inline(__always)
  private mutating func removeIfAbsent(
    _ slot: Int, read: Set<NetnsID>, someUnread: Bool, cut: StateSet
  ) -> Bool {
    guard slots[slot].rowIndex < 0, slots[slot].isInUse,
      sample.states.contains(slots[slot].state)
    else { return false }
    // Its row may be one that was not kept, or its namespace the one that was not read. Bounded, as
    // it may as well have gone.
    let mayBeThere =
      cut.contains(slots[slot].state)
      || someUnread && !read.contains(slots[slot].id.namespace)
    if mayBeThere,
      now.seconds(since: slots[slot].lastSeen) < Self.unreadKeptSeconds
    {
      return true
    }
    guard slots[slot].absences >= 1 else {
      slots[slot].absences += 1
      return true
    }
    remove(slot)
    return false
  }

  /// A listener is no connection that is removed: what is known of its holders goes with its row.
  private mutating func forgetListeners(goneFrom next: Sample) {
    for row in next.sockets where row.state == .listen { listenersBefore.remove(row.inode) }
    for inode in listenersBefore where inode != 0 { holders.forget(inode) }
  }

  /// Whether a look at its state has not shown one that is remembered.
  var isSomeMissing: Bool { missed.map { !$0.isEmpty } ?? true }

  private mutating func vacate(_ slot: Int) {
    index.remove(Int32(slot), hash: slots[slot].id.hash)
    slots[slot].isInUse = false
    slots[slot].rowIndex = -1
    free.append(Int32(slot))
  }

  private mutating func remove(_ slot: Int) {
    let connection = slots[slot]
    vacate(slot)
    if !Self.canDie(connection) || !deadSockets.connectionGone(connection) {
      recordDeparture(of: connection, at: sample.takenAt)
      if connection.inode != 0 { holders.forget(connection.inode) }
    }
  }

  // MARK: Attribution

  /// Notes who holds each connection; the first holder ever seen stays its opener. Asked for were
  /// those of the newest sample.
  mutating func noteOpeners() {
    let crowded = Set(EphemeralPorts.crowded(in: self).map { OpenerPlace($0.route) })
    for shown in slotOfRow where shown >= 0 {
      let slot = Int(shown)
      guard slots[slot].opener < 0, slots[slot].inode != 0,
        let holder = holders.first(of: slots[slot].inode)
      else { continue }
      slots[slot].opener = holder.process
      // Its cookie is gone with its TIME_WAIT, in a minute.
      if !crowded.isEmpty, wasOpenedLately(slots[slot]), let row = row(of: slots[slot]) {
        let place = OpenerPlace(namespace: row.namespace, remote: row.remote)
        if crowded.contains(place) { openersByPlace.note(holder.process, at: place, now) }
      }
    }
  }
}
