// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// The sockets in one state of one service on one port: the population that rules judge.
package struct SocketGroup: Sendable {
  package var port: PortKey
  /// The service, as an index into ``ProcessTable`` of one of its processes; -1 when no process is
  /// known.
  package var service: Int32
  package var members: [Connection] = []

  /// The listener's port; nil for outbound connections.
  package var localPort: UInt16? { port.isInbound ? port.port : nil }
  /// The remote port of outbound connections.
  package var remotePort: UInt16? { port.isInbound ? nil : port.port }
}

/// Finds what belongs together: a pre-fork server and its workers, a unit's processes.
package struct ServiceIndex {
  private let census: Census
  private var byUnit: [String: Int32] = [:]
  private var known: [Int32: Int32] = [:]

  package init(_ census: Census) { self.census = census }

  /// The service of a process: the processes of one unit or container, or of one program image
  /// that forks without exec, are one service.
  package mutating func service(of process: Int32) -> Int32 {
    guard process >= 0, let record = census.processes[process] else { return -1 }
    if let found = known[process] { return found }
    let owner = record.owner
    var service: Int32
    if owner.kind == .program {
      service = census.processes.programRoot(of: process)
    } else {
      let key = "\(owner.kind.rawValue)\u{0}\(owner.name)"
      service = byUnit[key] ?? process
      byUnit[key] = service
    }
    known[process] = service
    return service
  }

  /// The service that a connection is charged to.
  ///
  /// An inbound one belongs to the service that listens, also when a child has it now; an outbound
  /// one to the process that first held it.
  package mutating func service(of connection: Connection, row: SocketRow?) -> Int32 {
    let own = service(of: connection.opener)
    guard connection.flags.contains(.isInbound), let row else { return own }
    var listening: [Int32] = []
    for holder in census.listenerHolders(of: row) {
      // The init process keeps the listeners of socket-activated services open; it serves nobody.
      guard census.processes[holder]?.id.pid != 1 else { continue }
      let service = service(of: holder)
      if !listening.contains(service) { listening.append(service) }
    }
    return listening.isEmpty || listening.contains(own) ? own : listening[0]
  }
}

extension Census {
  /// The processes that hold the listener an inbound connection came through.
  package func listenerHolders(of row: SocketRow) -> [Int32] {
    var found: [Int32] = []
    for listener in listeners.listeners(of: row, in: sample.sockets) {
      for holder in holders.holders(of: sample.sockets[Int(listener)].inode)
      where !found.contains(holder.process) {
        found.append(holder.process)
      }
    }
    return found
  }

  /// The connections of one state that are in the newest sample, by service and port.
  package func groups(
    of state: TCPState, where isWanted: (Connection, SocketRow) -> Bool
  ) -> [SocketGroup] {
    struct Key: Hashable {
      var port: PortKey
      var service: Int32
    }
    var services = ServiceIndex(self)
    var groups: [Key: SocketGroup] = [:]
    for connection in connections where connection.state == state {
      guard let row = row(of: connection), isWanted(connection, row) else { continue }
      let port = PortKey(connection)
      let service = services.service(of: connection, row: row)
      groups[Key(port: port, service: service), default: SocketGroup(port: port, service: service)]
        .members.append(connection)
    }
    return groups.values.sorted { a, b in
      (b.members.count, a.port.port, a.service) < (a.members.count, b.port.port, b.service)
    }
  }

  /// What the members of a group do over time.
  ///
  /// - Parameters:
  ///   - since: When a member became stuck, if later than its entry into the state.
  package func trend(
    _ group: SocketGroup, patienceSeconds: Double, drainShare: Double,
    since: (Connection) -> BootInstant
  ) -> Trend {
    var services = ServiceIndex(self)
    let leavers = departures.departures(group.port, since: firstLookAt) { process in
      services.service(of: process) == group.service
    }
    let members = group.members.map { connection in
      Trend.Member(
        since: since(connection),
        isDated: connection.flags.contains(.sinceIsExact)
          || !connection.flags.contains(.inFirstLook))
    }
    return Trend(
      members, departures: leavers,
      watched: Trend.Watched(
        now: now, firstLookAt: firstLookAt, intervalSeconds: intervalSeconds,
        patienceSeconds: patienceSeconds, drainShare: drainShare))
  }
}
