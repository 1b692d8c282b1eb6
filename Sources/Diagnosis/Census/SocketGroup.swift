// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// The sockets in one state of one service on one port: the population that rules judge.
package struct SocketGroup: Sendable {
  package var port: PortKey
  /// The service, as an index into ``ProcessTable`` of one of its processes; -1 when no process is
  /// known.
  package var service: Int32
  package var members: [Connection] = []
  /// Descriptors of the same story whose connection has died in this state.
  package var dead: [DeadSocket] = []

  /// Those that are there and those that have died.
  var connections: [Connection] { dead.isEmpty ? members : members + dead.compactMap(\.connection) }

  /// The listener's port; nil for outbound connections.
  package var localPort: UInt16? { port.isInbound ? port.port : nil }
  /// The remote port of outbound connections.
  package var remotePort: UInt16? { port.isInbound ? nil : port.port }
}

/// Which processes are one service: those of one unit or container, of one program image that
/// forks without exec (a pre-fork server and its workers), or of one program that the same parent
/// starts again and again (a job's curl).
struct ServiceIndex: Sendable {
  /// By the index of the process.
  private var services: [Int32] = []

  init(_ processes: ProcessTable) {
    services = [Int32](repeating: -1, count: processes.indexLimit)
    var byUnit: [Owner: Int32] = [:]
    var bySiblings: [Siblings: Int32] = [:]
    for index in Int32(0)..<Int32(processes.indexLimit) {
      guard let owner = processes[index]?.owner else { continue }
      if owner.kind == .program {
        let root = processes.programRoot(of: index)
        guard let siblings = Siblings(of: root, in: processes) else {
          services[Int(index)] = root
          continue
        }
        let first = bySiblings[siblings] ?? root
        bySiblings[siblings] = first
        services[Int(index)] = first
      } else {
        let first = byUnit[owner] ?? index
        byUnit[owner] = first
        services[Int(index)] = first
      }
    }
  }

  /// Children of one parent that run one program. What an interpreter runs is its program, and by
  /// what an applet of a file of many calls itself it is told from the others.
  private struct Siblings: Hashable {
    var parent: Int32
    var program: String
    var command: String
    var main: String?

    /// nil: not known. The first process of a host or a container adopts orphans of all kinds, and
    /// so does the one of each user (`systemd --user`).
    init?(of index: Int32, in processes: ProcessTable) {
      guard let process = processes[index], process.parent > 1,
        let executable = process.executable,
        process.main != nil || !Self.interpreters.contains(process.runtime),
        processes.index(pid: process.parent).flatMap({ processes[$0]?.command }) != Self.adopter
      else { return nil }
      (parent, program) = (process.parent, executable)
      (command, main) = (process.command, process.main)
    }

    private static let adopter = "systemd"
    private static let interpreters: Set<ProcessRuntime> = [
      .jvm, .node, .python, .ruby, .php, .perl, .dotnet, .erlang,
    ]
  }

  func service(of process: Int32) -> Int32 {
    process >= 0 && Int(process) < services.count ? services[Int(process)] : -1
  }
}

/// What all rules are asked with: the census, the settings, and what several of them need, found
/// once.
package struct Inquiry: Sendable {
  package let census: Census
  package let settings: RuleSettings
  private let services: ServiceIndex
  private let slotsByState: [[Int32]]
  /// The other ends of connections that are on this host too.
  let pairs: PairIndex
  /// The judged CLOSE_WAIT groups.
  private(set) var closeWait: [CloseWaitGroup] = []
  /// The inodes of the dead sockets that are judged with them.
  private var deadOfCloseWait: Set<UInt64> = []

  package init(_ census: Census, settings: RuleSettings) {
    self.census = census
    self.settings = settings
    services = ServiceIndex(census.processes)
    slotsByState = census.slotsByState()
    pairs = PairIndex(census.sample.sockets)
    closeWait = CloseWaitGroup.all(in: self)
    deadOfCloseWait = Set(closeWait.flatMap { $0.group.dead.map(\.inode) })
  }

  /// The connections of one state that are in the newest sample, by service and port.
  func groups(
    of state: TCPState, where isWanted: (Connection, SocketRow) -> Bool
  ) -> [SocketGroup] {
    var positions: [GroupKey: Int] = [:]
    var groups: [SocketGroup] = []
    var listening: [ListeningEnd: [Int32]] = [:]
    // Those of one group often lie side by side.
    var newest: (key: GroupKey, position: Int)?
    for slot in slotsByState[Int(state.rawValue)] {
      let connection = census.connection(slot: slot)
      guard let row = census.row(of: connection), isWanted(connection, row) else { continue }
      let port = PortKey(connection)
      let service = service(of: connection, row: row, &listening)
      let key = GroupKey(port: port, service: service)
      if let newest, newest.key == key {
        groups[newest.position].members.append(connection)
        continue
      }
      let position = positions[key] ?? groups.count
      newest = (key, position)
      if position < groups.count {
        groups[position].members.append(connection)
      } else {
        positions[key] = position
        groups.append(SocketGroup(port: port, service: service, members: [connection]))
      }
    }
    return groups.sorted { a, b in
      (b.members.count, a.port.port, a.service) < (a.members.count, b.port.port, b.service)
    }
  }

  private struct GroupKey: Hashable {
    var port: PortKey
    var service: Int32
  }

  /// Whether a dead socket is one that was stuck in CLOSE_WAIT: its row was ended by the kernel's
  /// own probes, or long after it should have been closed. Without, its program has written to it,
  /// and has not cared for the error.
  func wasStuck(_ deadSocket: DeadSocket) -> Bool {
    guard let connection = deadSocket.connection, connection.state == .closeWait else {
      return false
    }
    let stayed = connection.lastSeen.seconds(since: CloseWaitGroup.quietSince(connection))
    return connection.flags.contains(.hadKeepalive)
      || stayed >= CloseWaitGroup.patience.seconds(settings)
  }

  /// Whether a dead socket is told with the CLOSE_WAIT of its service and port.
  func isOfCloseWait(_ deadSocket: DeadSocket) -> Bool {
    wasStuck(deadSocket) || deadOfCloseWait.contains(deadSocket.inode)
  }

  /// Adds what was stuck in CLOSE_WAIT and has died with its descriptor open: it is of the story of
  /// the sockets that are still there.
  func addStuckDead(to groups: inout [SocketGroup]) {
    addDead(where: wasStuck, to: &groups)
  }

  /// Adds what died in CLOSE_WAIT before it was stuck, to the groups of their service and port that
  /// there are. Why these died is another matter; that none was closed is the same.
  func addYoungDead(to groups: inout [SocketGroup]) {
    let known = groups.count
    addDead(where: { !wasStuck($0) && $0.connection?.state == .closeWait }, to: &groups)
    groups.removeSubrange(known...)
  }

  private func addDead(
    where isWanted: (DeadSocket) -> Bool, to groups: inout [SocketGroup]
  ) {
    let stuck = census.deadSockets.all.values.filter(isWanted).sorted { $0.inode < $1.inode }
    guard !stuck.isEmpty else { return }
    var positions: [GroupKey: Int] = [:]
    for (position, group) in groups.enumerated() {
      positions[GroupKey(port: group.port, service: group.service)] = position
    }
    for deadSocket in stuck {
      guard let connection = deadSocket.connection else { continue }
      let port = PortKey(connection)
      // Whoever has it now, as of a living one.
      let process = connection.opener >= 0 ? connection.opener : deadSocket.process
      let key = GroupKey(port: port, service: services.service(of: process))
      // A child that has inherited it is charged to the listener, as its living ones are.
      let position =
        positions[key] ?? (port.isInbound ? groups.firstIndex { $0.port == port } : nil)
      if let position {
        groups[position].dead.append(deadSocket)
      } else {
        positions[key] = groups.count
        groups.append(SocketGroup(port: port, service: key.service, dead: [deadSocket]))
      }
    }
  }

  /// Connections to one place that a service has opened while watched and that are still there,
  /// in whatever state, by service and remote port.
  func openedWhileWatched() -> [OpenedKey: Int] {
    var counts: [OpenedKey: Int] = [:]
    for connection in census.connections
    where !connection.flags.contains(.isInbound) && connection.firstSeen > census.firstLookAt {
      let service = services.service(of: connection.opener)
      guard service >= 0 else { continue }
      counts[OpenedKey(service: service, port: connection.remotePort), default: 0] += 1
    }
    return counts
  }

  struct OpenedKey: Hashable {
    var service: Int32
    var port: UInt16
  }

  /// The service whose group a connection is in: not whom it is charged to (``Charge``), but whose
  /// program should close it.
  ///
  /// An inbound one belongs to the service that listens, also when a child has it now; an outbound
  /// one to the process that first held it.
  ///
  /// - Parameter known: The services that listen at an end, found once for all its connections.
  private func service(
    of connection: Connection, row: SocketRow, _ known: inout [ListeningEnd: [Int32]]
  ) -> Int32 {
    let own = services.service(of: connection.opener)
    guard connection.flags.contains(.isInbound) else { return own }
    let end = ListeningEnd(namespace: row.namespace, local: row.local)
    let listening =
      known[end]
      ?? {
        var listening: [Int32] = []
        for holder in census.listenerHolders(of: row) {
          let service = services.service(of: holder)
          if !listening.contains(service) { listening.append(service) }
        }
        known[end] = listening
        return listening
      }()
    return listening.isEmpty || listening.contains(own) ? own : listening[0]
  }

  private struct ListeningEnd: Hashable {
    var namespace: NetnsID
    var local: Endpoint
  }

  /// What the members of a group do over time.
  ///
  /// - Parameters:
  ///   - group: The sockets that are in the state now.
  ///   - patienceSeconds: What has been in its state for longer is stuck.
  ///   - since: When a member became stuck, if later than its entry into the state.
  func trend(
    _ group: SocketGroup, patienceSeconds: Double, since: (Connection) -> BootInstant
  ) -> Trend {
    let leavers = leavers(of: group)
    let members = group.connections.map { connection in
      Trend.Member(
        since: since(connection),
        isDated: !connection.flags.isDisjoint(with: [.sinceIsExact, .cameIntoStateWhileWatched])
          || !connection.flags.contains(.inFirstLook))
    }
    return Trend(members, departures: leavers, watched: watched(patienceSeconds))
  }

  /// How many have their other end on this host, held by a process that has shut down its sending
  /// and still waits for an answer.
  func waitingPeers(of members: [Connection]) -> Int {
    members.count { member in
      guard let other = pairs.otherEnd(of: member, in: census) else { return false }
      return other.state == .finWait2 && other.inode != 0
    }
  }

  /// Those that have left a group. A handler that is no server itself (inetd's) has members for the
  /// service that listens, and closes them for it.
  func leavers(of group: SocketGroup) -> Departures {
    var listening: Set<Int32>?
    return census.departures.departures(group.port, since: census.firstLookAt) { process in
      if services.service(of: process) == group.service { return true }
      let found = listening ?? listeningServices(at: group.port)
      listening = found
      return found == [group.service]
    }
  }

  /// The services that accept at a port, whatever the address.
  private func listeningServices(at port: PortKey) -> Set<Int32> {
    guard port.isInbound else { return [] }
    var found: Set<Int32> = []
    for position in census.listeners.all {
      let row = census.sample.sockets[Int(position)]
      guard row.localPort == port.port, row.namespace == port.namespace else { continue }
      found.formUnion(census.listenerHolders(of: row).map(services.service))
    }
    return found
  }

  func watched(_ patienceSeconds: Double) -> Trend.Watched {
    Trend.Watched(
      now: census.now, firstLookAt: census.firstLookAt, intervalSeconds: census.intervalSeconds,
      patienceSeconds: patienceSeconds, drainShare: settings.drainShare,
      isAfterGap: census.isAfterGap)
  }
}

extension Census {
  /// The processes that hold the listener an inbound connection came through. The init process
  /// keeps the listeners of socket-activated services open; it serves nobody and is left out.
  package func listenerHolders(of row: SocketRow) -> [Int32] {
    var found: [Int32] = []
    for listener in listeners.listeners(of: row, in: sample.sockets) {
      for holder in holders.holders(of: sample.sockets[Int(listener)].inode)
      where !found.contains(holder.process) && processes[holder.process]?.id.pid != 1 {
        found.append(holder.process)
      }
    }
    return found
  }
}
