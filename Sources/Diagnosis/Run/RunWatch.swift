// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// What the looks at a run come to: which sockets its processes have left open. Samples in,
/// questions and sockets out.
///
/// The first sample is taken before the command starts: what is in it is not of the run.
package struct RunWatch: Sendable {
  private let order: RunOrder
  /// The process whose descendants are watched.
  private let ancestor: Int32
  /// Sockets that the command got from who called it.
  private let inherited: Set<UInt64>
  private var connections: [SocketID: Watched] = [:]
  private var idByInode: [UInt64: SocketID] = [:]
  private var dead: [UInt64: DeadWatched] = [:]
  private var listeners = RunListeners()
  private var found: [SocketID: LeftSocket] = [:]
  private var now = BootInstant(nanoseconds: 0)
  private var hasLooked = false
  private var deadSearch: (unlisted: Int?, at: BootInstant)?
  private var unlisted: Int?
  /// How many processes of the run there were at the newest search.
  private var descendants = 0
  /// Whether there are descriptors of which only another look can tell whether they are dead.
  package private(set) var hasUnproved = false
  private var sight = RunSight()
  private(set) package var tests: [String] = []
  /// The command has ended: from then on each look asks who is left.
  package var isCommandOver = false
  /// Processes that have stopped where they end: what they alone hold they will not close.
  package var ending: Set<Int32> = []
  /// Processes that help the run and are not of it.
  package var helpers: [Int32] = []
  /// When the run went on after a pause: nobody could close anything before.
  package var notBefore = BootInstant(nanoseconds: 0)

  private struct Watched {
    var connection: Connection
    var row: SocketRow
    /// An index into the tests; -1: before the first.
    var test: Int
    var isOlder: Bool
    /// The program was seen to open it: its handshake, or the listener that it leads to.
    var isOutbound = false
    var holder: Holder?
    /// Searches in a row that have found no holder among the processes of the run.
    var misses = 0
    var isPresent = true
  }

  private struct DeadWatched {
    var since: BootInstant
    var holder: Holder
    var last: Watched?
    var test: Int
  }

  private struct Holder {
    var process: ProcessRecord
    var fd: Int32
    var sharers: [ProcessID]
  }

  /// So long a row that has gone is remembered: its descriptor may turn out to be on a dead socket.
  private static let memorySeconds = 5.0
  /// So often nobody of the run was seen to hold a socket, and it is another program's.
  private static let missesMost = 2

  /// - Parameter inherited: Inodes of sockets that were open before.
  package init(_ order: RunOrder, ancestor: Int32, inherited: Set<UInt64> = []) {
    self.order = order
    self.ancestor = ancestor
    self.inherited = inherited
  }

  /// What was left open, in the order of tests and processes; with what does not count.
  package var left: [LeftSocket] {
    let places = Dictionary(tests.enumerated().map { ($1, $0) }) { first, _ in first }
    func place(_ socket: LeftSocket) -> Int { socket.test.flatMap { places[$0] } ?? -1 }
    return found.values.sorted { a, b in
      (place(a), a.process.id, a.fd, a.inode) < (place(b), b.process.id, b.fd, b.inode)
    }
  }

  /// Whether something may yet turn out to be left: it is there, and within the grace.
  package var isUndecided: Bool {
    connections.contains { id, watched in
      watched.isPresent && watched.connection.state == .closeWait && watched.holder != nil
        && found[id] == nil && !isAllowed(watched)
    } || dead.contains { inode, socket in found[id(ofDead: inode, socket)] == nil }
      || hasUnproved
  }

  /// What may turn out to be left, or has: each by its cookie with the bytes that nobody has read,
  /// nil where it is dead.
  package var suspects: [UInt64: UInt32?] {
    var found: [UInt64: UInt32?] = [:]
    for watched in connections.values
    where watched.isPresent && watched.connection.state == .closeWait && watched.holder != nil
      && !isAllowed(watched)
    {
      found[watched.row.cookie] = .some(watched.row.receiveQueue)
    }
    for socket in dead.values { if let last = socket.last { found[last.row.cookie] = .some(nil) } }
    // The kernel has not told it.
    found[0] = nil
    return found
  }

  /// Whether there is still a process that can leave something.
  package var hasProcesses: Bool { descendants > 0 }

  // MARK: Looks

  /// A test that has begun.
  package struct Beginning: Sendable {
    package var test: String
    package var at: BootInstant
    /// Whether its runner waits until the look is over: then nothing in it can be of the test.
    package var isAwaited: Bool

    package init(_ test: String, at: BootInstant, isAwaited: Bool) {
      self.test = test
      self.at = at
      self.isAwaited = isAwaited
    }
  }

  /// Takes in a look.
  ///
  /// - Parameter beginning: The test whose beginning the look was taken for.
  package mutating func advance(with sample: Sample, beginning: Beginning? = nil) {
    now = sample.takenAt
    unlisted = sample.unlistedSockets
    for id in connections.keys { connections[id]?.isPresent = false }
    listeners.take(sample)
    for row in sample.sockets where row.state != .listen { take(row, beginning) }
    forget()
    idByInode = Dictionary(
      connections.lazy.filter { $0.value.connection.inode != 0 }.map {
        ($0.value.connection.inode, $0.key)
      }
    ) { first, _ in first }
    hasLooked = true
    if let beginning { begin(beginning.test) }
  }

  /// What appears from now on is of this test.
  package mutating func begin(_ test: String) { tests.append(test) }

  private mutating func take(_ row: SocketRow, _ beginning: Beginning?) {
    let id = SocketID(row)
    let age = row.age(takenAt: now)
    if var known = connections[id], known.connection.isSameSocket(as: row) {
      known.connection.update(row, at: now, age: age)
      known.row = row
      known.isPresent = true
      connections[id] = known
      return
    }
    let isNext = beginning.map { isOf($0, row) } ?? false
    var new = Watched(
      connection: Connection(row, at: now, age: age, isFirstLook: !hasLooked), row: row,
      test: isNext ? tests.count : tests.count - 1,
      isOlder: !hasLooked || inherited.contains(row.inode))
    if !row.knowledge.contains(.opened), listeners.accept(row) {
      new.connection.flags.insert(.isInbound)
    } else {
      new.isOutbound = row.state == .synSent || listeners.acceptOtherEnd(of: row)
    }
    connections[id] = new
  }

  /// Whether a socket that the look at the beginning of a test shows first is of that test: nothing
  /// has happened on it that is longer ago. Where the kernel does not say, it is of the one before.
  private func isOf(_ beginning: Beginning, _ row: SocketRow) -> Bool {
    guard !beginning.isAwaited else { return false }
    guard row.knowledge.contains(.tcpInfo) else { return tests.isEmpty }
    let oldest = max(row.lastDataSentMilliseconds, row.lastDataReceivedMilliseconds)
    return Double(oldest) / 1000 <= now.seconds(since: beginning.at)
  }

  private mutating func forget() {
    connections = connections.filter { _, watched in
      watched.isPresent
        || now.seconds(since: watched.connection.lastSeen) < Self.memorySeconds
    }
  }

  /// Whose holders to find, of what the newest look shows.
  package mutating func search() -> HolderSearch {
    var search = HolderSearch()
    search.ancestor = ancestor
    search.helpers = helpers
    search.detail = .identity
    for watched in connections.values
    where watched.isPresent && !watched.isOlder && watched.misses < Self.missesMost
      && watched.connection.state == .closeWait && watched.row.inode != 0
    {
      search.inodes.insert(watched.row.inode)
    }
    if wantsDeadSockets {
      deadSearch = (unlisted, now)
      search.deadSockets = .everywhere
    }
    return search
  }

  /// They cost a look at every descriptor: only when there may be others than before, while some
  /// are watched, at the end, and now and then.
  private var wantsDeadSockets: Bool {
    guard let last = deadSearch, let unlisted else { return true }
    let isEnding = isCommandOver || !ending.isEmpty
    return isEnding || hasUnproved || !dead.isEmpty || unlisted != last.unlisted
      || now.seconds(since: last.at) >= order.graceSeconds / 2
  }

  // MARK: Holders

  /// Takes in who holds them, and judges.
  package mutating func attribute(_ report: HolderReport, to search: HolderSearch) {
    // What asks for nothing lists no process.
    if search.wantsSockets || search.deadSockets != .none { descendants = report.descendants }
    let records = Dictionary(report.processes.map { ($0.id, $0) }) { first, _ in first }
    var holders: [UInt64: Holder] = [:]
    for holder in report.holders {
      guard let record = records[holder.process] else { continue }
      add(record, holder.fd, to: &holders[holder.inode])
    }
    // A search without those that may not be read is whole: they stay so, and are told as unseen.
    let isWhole =
      report.descendants > 0
      && !report.gaps.contains { $0.kind == .boundReached || $0.kind == .callStuck }
    for inode in search.inodes {
      guard let id = idByInode[inode] else { continue }
      connections[id]?.holder = holders[inode]
      if holders[inode] != nil {
        connections[id]?.misses = 0
      } else if isWhole {
        connections[id]?.misses += 1
      }
    }
    if search.deadSockets != .none { attributeDead(report, records) }
    sight.take(report, at: now)
    judge()
  }

  /// Processes of the run whose descriptors could not be read for longer than the grace.
  package var unseen: [ProcessRecord] { sight.unseen(forAtLeast: order.graceSeconds) }
  /// Whether these were all that there were to be seen.
  package var isBlind: Bool {
    !sight.hasRead(forAtLeast: order.graceSeconds) && !unseen.isEmpty
  }

  private func add(_ record: ProcessRecord, _ fd: Int32, to holder: inout Holder?) {
    guard let first = holder else {
      holder = Holder(process: record, fd: fd, sharers: [])
      return
    }
    if first.process.id != record.id, !first.sharers.contains(record.id) {
      holder?.sharers.append(record.id)
    }
  }

  private mutating func attributeDead(
    _ report: HolderReport, _ records: [ProcessID: ProcessRecord]
  ) {
    hasUnproved = report.unprovedDeadSockets > 0
    var holders: [UInt64: Holder] = [:]
    for descriptor in report.deadSockets where !inherited.contains(descriptor.inode) {
      let record = records[descriptor.process] ?? ProcessRecord(id: descriptor.process)
      add(record, descriptor.fd, to: &holders[descriptor.inode])
    }
    let before = dead
    dead = [:]
    for (inode, holder) in holders {
      if var known = before[inode] {
        known.holder = holder
        dead[inode] = known
        continue
      }
      let last = idByInode[inode].flatMap { connections[$0] }
      if last?.isOlder == true { continue }
      dead[inode] = DeadWatched(
        since: last?.connection.lastSeen ?? now, holder: holder, last: last,
        test: last?.test ?? tests.count - 1)
    }
  }

  // MARK: Judgement

  private mutating func judge() {
    for (id, watched) in connections
    where watched.isPresent && watched.connection.state == .closeWait {
      guard let holder = watched.holder,
        let end = end(of: holder, since: CloseWaitGroup.quietSince(watched.connection))
      else { continue }
      keep(
        LeftSocket(
          id: id, row: watched.row, inode: watched.row.inode, isDead: false,
          isInbound: isInbound(watched), age: watched.connection.age(at: now), end: end,
          process: holder.process, fd: holder.fd, sharers: holder.sharers,
          test: name(watched.test)))
    }
    for (inode, socket) in dead {
      guard let end = end(of: socket.holder, since: socket.since) else { continue }
      // One that no look saw connected may never have been: that is no connection that has gone.
      if end == .exit, socket.last == nil { continue }
      keep(
        LeftSocket(
          id: id(ofDead: inode, socket), row: socket.last?.row, inode: inode, isDead: true,
          isInbound: socket.last.flatMap(isInbound),
          age: Age(seconds: now.seconds(since: socket.since), bound: .atLeast), end: end,
          process: socket.holder.process, fd: socket.holder.fd, sharers: socket.holder.sharers,
          test: name(socket.test)))
    }
    judgePools()
  }

  /// What shows that nobody closes a socket; nil: its holder still may.
  private func end(of holder: Holder, since: BootInstant) -> LeftSocket.End? {
    if now.seconds(since: max(notBefore, since)) >= order.graceSeconds { return .grace }
    let isLast = holder.sharers.allSatisfy { ending.contains($0.pid) }
    return isLast && ending.contains(holder.process.id.pid) ? .exit : nil
  }

  private mutating func keep(_ socket: LeftSocket) {
    var socket = socket
    let before = found[socket.id]
    // It was one thing when it was left, and stays of that process and test.
    if let before {
      (socket.process, socket.fd, socket.test) = (before.process, before.fd, before.test)
    }
    socket.excuse = before.map(\.excuse) ?? excuse(for: socket)
    found[socket.id] = socket
  }

  private func excuse(for socket: LeftSocket) -> LeftSocket.Excuse? {
    if order.allowed.contains(where: { socket.names.contains(where: $0.matches) }) {
      return .allowed
    }
    return !order.isStrict && isPoolLike(socket) ? .pool : nil
  }

  /// Whether it can be what a client keeps for later: nothing but the end of the stream is there to
  /// be read, or was. How a dead one came to be is not known; one that was accepted is no client's.
  private func isPoolLike(_ socket: LeftSocket) -> Bool {
    if socket.isInbound == true { return false }
    guard !socket.isDead, let row = socket.row else { return true }
    let cause = ReceiveQueues(receive: row.receiveQueue, send: row.sendQueue).cause
    return cause == .eofReadNotClosed || cause == .eofUnread || row.isGoodbye
  }

  /// So many at one time are no pool.
  private mutating func judgePools() {
    var groups: [Pool: [SocketID]] = [:]
    for (id, socket) in found where socket.excuse == .pool {
      let isThere = socket.isDead ? dead[socket.inode] != nil : connections[id]?.isPresent == true
      guard isThere else { continue }
      let pool = Pool(
        process: socket.process.id, remote: socket.isDead ? nil : socket.row?.remote,
        isDead: socket.isDead)
      groups[pool, default: []].append(id)
    }
    for (pool, ids) in groups
    where ids.count >= (pool.isDead ? order.fewestDead : order.fewestPoolLike) {
      for id in ids { found[id]?.excuse = nil }
    }
  }

  private struct Pool: Hashable {
    var process: ProcessID
    var remote: Endpoint?
    var isDead: Bool
  }

  /// nil: not known. Neither its counters say, nor was its listener seen, or the other end's.
  private func isInbound(_ watched: Watched) -> Bool? {
    if watched.connection.flags.contains(.isInbound) { return true }
    return watched.isOutbound || watched.row.knowledge.contains(.opened) ? false : nil
  }

  private func isAllowed(_ watched: Watched) -> Bool {
    guard let holder = watched.holder, !order.allowed.isEmpty else { return false }
    let socket = LeftSocket(
      id: watched.connection.id, row: watched.row, inode: watched.row.inode, isDead: false,
      isInbound: nil, age: .unknown, process: holder.process, fd: holder.fd, sharers: [],
      test: name(watched.test))
    return excuse(for: socket) == .allowed
  }

  private func id(ofDead inode: UInt64, _ socket: DeadWatched) -> SocketID {
    socket.last?.connection.id ?? SocketID(inode: inode)
  }

  private func name(_ test: Int) -> String? { test < 0 ? nil : tests[test] }
}
