// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// The one pass over the rows of a sample that makes a ``HostPicture``: sums by numbers first, and
/// the owner of each process once, for there are few owners and their names are long.
package struct HostSurvey {
  /// What a survey is narrowed to, by the ports of a socket and whoever holds it or listens for it.
  package typealias Scope = (_ local: UInt16, _ remote: UInt16, _ holding: [Int32]) -> Bool

  /// Listeners and routes beyond these are counted, not listed.
  static let mostListeners = 256
  static let mostRoutes = 64
  /// Ports in use to one destination below which a route is not worth a line.
  package static let fewestPorts = 16

  package private(set) var picture = HostPicture()
  /// What waits to be closed, if it was asked for.
  package private(set) var groups: WaitingGroups?
  private let pairs: PairIndex?

  private let census: Census
  private let limit: BootInstant
  private let scope: Scope?
  private var charger: Charger
  /// By the index of the process plus one; first what no process has.
  private var tallies: [Tally]
  private var positions: [Int32]
  /// The position of each namespace in the picture.
  private var places: [NetnsID: Int] = [:]
  private var listening: [(row: Int32, process: Int32)] = []

  /// What one process has.
  fileprivate struct Tally {
    var states = StateCounts()
    var stuck = StateCounts()
    var oldestStuck: BootInstant?
    var oldestWaiting: OwnerAccount.Since?
    var waiting: Int32 = 0
    var deadSockets: Int32 = 0
    var stuckDeadSockets: Int32 = 0
    /// Whether it holds something, charged to it or to another holder.
    var isSeen = false

    var isEmpty: Bool { states.isEmpty && deadSockets == 0 }

    @inline(__always)
    mutating func wait(_ since: BootInstant, isExact: Bool) {
      if let oldest = oldestWaiting, oldest.at <= since { return }
      oldestWaiting = OwnerAccount.Since(at: since, isExact: isExact)
    }
  }

  /// - Parameters:
  ///   - census: After it was told the holders.
  ///   - patienceSeconds: What has waited for longer is stuck.
  ///   - scope: Only what it admits; nil: the whole host.
  ///   - groups: Asks for what waits to be closed, too.
  package init(
    _ census: Census, patienceSeconds: Double, scope: Scope? = nil, groups: WaitingGroups? = nil
  ) {
    self.census = census
    self.scope = scope
    self.groups = groups
    pairs = groups.map { _ in PairIndex(census.sample.sockets) }
    limit = census.now.advanced(bySeconds: -patienceSeconds)
    charger = Charger(census)
    tallies = [Tally](repeating: Tally(), count: census.processes.indexLimit + 1)
    positions = [Int32](repeating: -1, count: tallies.count)
    picture.takenAt = census.now
    picture.knowsEstablished = census.hasReadEstablished
    picture.connectionsRemembered = census.connectionCount
    picture.connectionsFolded = census.foldedRows
    picture.descriptorsInFlight = census.descriptorsInFlight
    picture.namespaces = census.sample.namespaces.sorted { $0.id < $1.id }
      .map { NamespaceAccount($0) }
    for (position, account) in picture.namespaces.enumerated() { places[account.id] = position }
  }

  /// - Parameter remembered: Whether ESTABLISHED connections that this sample did not ask for are
  ///   counted as they are remembered.
  package mutating func run(remembered: Bool = false) {
    countRows()
    if scope == nil { countLeftOut() }
    if remembered, !census.sample.states.contains(.established) { countRemembered() }
    countDeadSockets()
    sumUpOwners()
    listListeners()
    if census.sample.states.contains(.established), scope == nil { listRoutes() }
  }

  /// The position of the owner of a process in the picture; of what no process has, for -1.
  package func position(ofProcess process: Int32) -> Int32 { positions[Int(process) + 1] }

  // MARK: Rows

  private mutating func countRows() {
    var namespace: NetnsID?
    var place = 0
    for (position, row) in census.sample.sockets.enumerated() {
      if row.namespace != namespace {
        namespace = row.namespace
        place = self.place(of: row.namespace)
      }
      let remembered = census.remembered(at: position)
      let waiting = Waiting(row, quietSince: remembered?.quietSince, limit: limit)
      if scope != nil || groups != nil, !admit(position, waiting, remembered) { continue }
      picture.namespaces[place].count(row)
      let charge = charger.charge(row, opener: remembered?.opener ?? -1)
      let tally = Int(charge.process) + 1
      tallies[tally].states.add(row.state)
      if charge.relation == .holder { tallies[tally].isSeen = true }
      if waiting > .no { count(waiting, row, remembered, in: tally) }
      if row.state == .listen { listening.append((Int32(position), charge.process)) }
    }
  }

  /// Sockets that there was no memory for: of their owners nothing is known.
  private mutating func countLeftOut() {
    // No host has a billion sockets, but a recording can say so, and sums of it must not overflow.
    var room = 1 << 30
    for rows in census.sample.leftOut {
      let count = min(rows.count, room)
      room -= count
      picture.namespaces[place(of: rows.namespace)].states[rows.state] += count
      tallies[0].states[rows.state] += count
    }
  }

  @inline(__always)
  private mutating func count(
    _ waiting: Waiting, _ row: SocketRow, _ remembered: Census.Remembered?, in tally: Int
  ) {
    tallies[tally].waiting += 1
    if let remembered {
      tallies[tally].wait(remembered.stateSince, isExact: remembered.isExact)
    }
    guard waiting == .stuck, let remembered else { return }
    tallies[tally].stuck.add(row.state)
    tallies[tally].oldestStuck = OwnerAccount.earlier(
      tallies[tally].oldestStuck, remembered.stateSince)
  }

  /// Whether the row is of the scope. Notes who holds it, and what waits.
  private mutating func admit(
    _ position: Int, _ waiting: Waiting, _ remembered: Census.Remembered?
  ) -> Bool {
    let row = census.sample.sockets[position]
    let isQueued = row.isUnaccepted || row.state == .synRecv || row.state == .newSynRecv
    var holding = census.holders.holders(of: row.inode).map(\.process)
    if isQueued { holding += census.listenerHolders(of: row) }
    guard scope?(row.localPort, row.remotePort, holding) ?? true else { return false }
    if !isQueued { for process in holding { tallies[Int(process) + 1].isSeen = true } }
    guard waiting > .no, let kind = Waiting.Kind(row) else { return true }
    var age = remembered.map { $0.since.age(at: census.now) } ?? .unknown
    // What began with the sample is not known to have begun at all.
    if age.seconds <= 0 { age = .unknown }
    let otherEnd = row.state == .finWait2 ? pairs?.otherEnd(at: position, in: census) : nil
    groups?.add(
      row, kind, age, isStuck: waiting == .stuck, holding, otherEnd: otherEnd, in: census)
    return true
  }

  /// ESTABLISHED connections of the newest sample that read them, when this one did not. One that
  /// it has not shown any more is remembered for another: it is not there.
  private mutating func countRemembered() {
    for connection in census.connections
    where connection.rowIndex < 0 && connection.state == .established && connection.absences == 0 {
      guard let place = places[connection.id.namespace] else { continue }
      let holder = census.holders.first(of: connection.inode)?.process ?? connection.opener
      let process = census.processes.knows(holder) ? holder : -1
      let holding = process < 0 ? [] : [process]
      guard scope?(connection.localPort, connection.remotePort, holding) ?? true
      else { continue }
      picture.namespaces[place].states.add(.established)
      if connection.inode == 0 { picture.namespaces[place].unacceptedLiving += 1 }
      tallies[Int(process) + 1].states.add(.established)
      if process >= 0 { tallies[Int(process) + 1].isSeen = true }
    }
  }

  private mutating func countDeadSockets() {
    for dead in census.deadSockets.all.values {
      // It has no ports any more.
      guard scope?(0, 0, [dead.process]) ?? true else { continue }
      let tally = census.processes.knows(dead.process) ? Int(dead.process) + 1 : 0
      tallies[tally].deadSockets += 1
      let isStuck = Waiting(dead, limit: limit) == .stuck
      if isStuck { tallies[tally].stuckDeadSockets += 1 }
      tallies[tally].wait(dead.since, isExact: false)
      tallies[tally].isSeen = true
      groups?.add(dead, isStuck: isStuck, in: census.processes)
    }
  }

  /// A row's namespace is in the sample; one that is not gets an account all the same, so that no
  /// socket is lost from the sums.
  private mutating func place(of id: NetnsID) -> Int {
    if let place = places[id] { return place }
    places[id] = picture.namespaces.count
    picture.namespaces.append(NamespaceAccount(NamespaceSample(id: id)))
    return picture.namespaces.count - 1
  }

  // MARK: Sums

  private mutating func sumUpOwners() {
    var known: [Owner: Int32] = [:]
    for (number, tally) in tallies.enumerated() {
      if number > 0, tally.isSeen { picture.processes += 1 }
      guard !tally.isEmpty else { continue }
      let process = Int32(number) - 1
      let record = census.processes[process]
      let owner = record?.owner ?? .nobody
      let position = known[owner] ?? Int32(picture.owners.count)
      if Int(position) == picture.owners.count {
        known[owner] = position
        picture.owners.append(OwnerAccount(owner))
      }
      positions[number] = position
      picture.owners[Int(position)].add(tally, of: process, record)
    }
  }

  private mutating func listListeners() {
    let sockets = census.sample.sockets
    let isFuller = { (a: (row: Int32, process: Int32), b: (row: Int32, process: Int32)) in
      let (first, second) = (sockets[Int(a.row)], sockets[Int(b.row)])
      return (second.receiveQueue, first.namespace, first.local)
        < (first.receiveQueue, second.namespace, second.local)
    }
    picture.listenersLeftOut = max(0, listening.count - Self.mostListeners)
    picture.listeners = listening.sorted(by: isFuller).prefix(Self.mostListeners).map { entry in
      let row = sockets[Int(entry.row)]
      let position = positions[Int(entry.process) + 1]
      return ListenerAccount(
        namespace: row.namespace, local: row.local,
        owner: entry.process < 0 ? nil : picture.owners[Int(position)].owner,
        queued: Int(row.receiveQueue),
        limit: row.knowledge.contains(.acceptQueueLimit) ? Int(row.sendQueue) : nil)
    }
  }

  private mutating func listRoutes() {
    let routes = EphemeralPorts.all(in: census, fewest: Self.fewestPorts)
      .sorted { $0.share > $1.share }
    picture.routesLeftOut = max(0, routes.count - Self.mostRoutes)
    picture.routes = routes.prefix(Self.mostRoutes).map { RouteAccount($0) }
  }
}

extension NamespaceAccount {
  @inline(__always)
  fileprivate mutating func count(_ row: SocketRow) {
    states.add(row.state)
    guard row.inode == 0 else { return }
    if row.isUnaccepted {
      if row.state == .closeWait { unacceptedGone += 1 } else { unacceptedLiving += 1 }
    } else if row.isOrphan, row.state != .timeWait, row.state != .synRecv {
      orphans += 1
    }
  }
}

extension OwnerAccount {
  fileprivate mutating func add(
    _ tally: HostSurvey.Tally, of process: Int32, _ record: ProcessRecord?
  ) {
    states += tally.states
    stuck += tally.stuck
    waiting += Int(tally.waiting)
    deadSockets += Int(tally.deadSockets)
    stuckDeadSockets += Int(tally.stuckDeadSockets)
    oldestStuck = Self.earlier(oldestStuck, tally.oldestStuck)
    note(tally.oldestWaiting)
    guard let record else { return }
    processes += 1
    if processes == 1 { firstProcess = process }
    guard let use = DescriptorUse(record) else { return }
    if let worst = descriptors, worst.share >= use.share { return }
    descriptors = use
  }
}
