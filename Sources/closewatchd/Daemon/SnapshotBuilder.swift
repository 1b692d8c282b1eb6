// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting

/// Sums a census up for the outlets, in one pass over the rows and one over the connections.
struct SnapshotBuilder {
  /// Listeners and routes beyond these are counted, not listed.
  static let mostListeners = 256
  static let mostRoutes = 64
  /// Ports in use to one destination below which a route is not worth a line.
  static let fewestPorts = 16

  private let census: Census
  /// ESTABLISHED by namespace, from the newest look that asked for it.
  private let established: [NetnsID: Int]

  init(_ census: Census, before: DaemonSnapshot) {
    self.census = census
    var established: [NetnsID: Int] = [:]
    for namespace in before.namespaces {
      established[namespace.id] = namespace.states[.established]
    }
    self.established = established
  }

  /// Puts the newest look into `snapshot`. Findings, cost and settings are the caller's.
  func fill(_ snapshot: inout DaemonSnapshot) {
    snapshot.namespaces = namespaces()
    fillTimeline(&snapshot)
    fillListeners(&snapshot)
    snapshot.owners = owners()
    snapshot.host = census.sample.host
    snapshot.connectionsRemembered = census.connectionCount
    snapshot.connectionsFolded = census.foldedRows
    snapshot.descriptorsInFlight = census.descriptorsInFlight
    if census.sample.states.contains(.established) { fillRoutes(&snapshot) }
  }

  private var hasEstablished: Bool { census.sample.states.contains(.established) }

  private func namespaces() -> [NamespaceSummary] {
    var found: [NetnsID: NamespaceSummary] = [:]
    for namespace in census.sample.namespaces {
      found[namespace.id] = NamespaceSummary(
        id: namespace.id, hasTrueID: namespace.hasTrueID, name: namespace.name,
        isOwn: namespace.isOwn, source: namespace.source, sockstat: namespace.sockstat,
        counters: namespace.counters, settings: namespace.settings)
    }
    for row in census.sample.sockets {
      found[row.namespace]?.states[row.state] += 1
      if row.isUnaccepted { found[row.namespace]?.unaccepted += 1 }
      if row.isOrphan, row.state != .timeWait, row.state != .synRecv {
        found[row.namespace]?.orphans += 1
      }
    }
    if !hasEstablished {
      for (id, count) in established { found[id]?.states[.established] = count }
    }
    return found.values.sorted { $0.id < $1.id }
  }

  private func fillTimeline(_ snapshot: inout DaemonSnapshot) {
    var sum = StateCounts()
    for namespace in snapshot.namespaces { sum.add(namespace.states) }
    var counts = sum.byState
    // Before the first full look 0 would be a claim.
    if snapshot.fullLook == nil { counts[.established] = nil }
    snapshot.timeline.add(counts, at: census.sample.takenAt)
  }

  private func fillListeners(_ snapshot: inout DaemonSnapshot) {
    let names = Dictionary(
      census.sample.namespaces.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
    var found: [ListenerSummary] = []
    for row in census.sample.sockets where row.state == .listen {
      let holder = census.holders.first(of: row.inode).flatMap { census.processes[$0.process] }
      found.append(
        ListenerSummary(
          namespace: row.namespace, namespaceName: names[row.namespace] ?? nil, local: row.local,
          owner: holder?.owner, queued: Int(row.receiveQueue),
          limit: row.knowledge.contains(.acceptQueueLimit) ? Int(row.sendQueue) : nil))
    }
    found.sort { a, b in
      (b.queued, a.namespace, a.local) < (a.queued, b.namespace, b.local)
    }
    snapshot.listenersLeftOut = max(0, found.count - Self.mostListeners)
    snapshot.listeners = Array(found.prefix(Self.mostListeners))
  }

  private func owners() -> [OwnerSummary] {
    var byProcess: [Int32: StateCounts] = [:]
    for connection in census.connections
    where connection.rowIndex >= 0 || (connection.state == .established && !hasEstablished) {
      byProcess[connection.opener, default: StateCounts()][connection.state] += 1
    }
    for row in census.sample.sockets where row.state == .listen {
      let holder = census.holders.first(of: row.inode)?.process ?? -1
      byProcess[holder, default: StateCounts()][.listen] += 1
    }
    var deadSockets: [Int32: Int] = [:]
    for deadSocket in census.deadSockets.all.values {
      deadSockets[deadSocket.process, default: 0] += 1
    }
    var found: [Owner: OwnerSummary] = [:]
    for process in Set(byProcess.keys).union(deadSockets.keys) {
      let record = census.processes[process]
      let owner = record?.owner ?? Owner(.kernel, "")
      var summary = found[owner] ?? OwnerSummary(owner: owner)
      summary.states.add(byProcess[process] ?? StateCounts())
      summary.deadSockets += deadSockets[process] ?? 0
      if let record { summary.add(record) }
      found[owner] = summary
    }
    return found.values.sorted { a, b in
      (b.states.connections + b.deadSockets, a.owner.name, a.owner.kind.rawValue)
        < (a.states.connections + a.deadSockets, b.owner.name, b.owner.kind.rawValue)
    }
  }

  private func fillRoutes(_ snapshot: inout DaemonSnapshot) {
    let names = Dictionary(
      census.sample.namespaces.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
    let routes = EphemeralPorts.all(in: census, fewest: Self.fewestPorts)
      .sorted { $0.share > $1.share }
    snapshot.routesLeftOut = max(0, routes.count - Self.mostRoutes)
    snapshot.routes = routes.prefix(Self.mostRoutes).map { ports in
      RouteSummary(
        namespace: ports.route.namespace, namespaceName: names[ports.route.namespace] ?? nil,
        source: ports.route.source, destination: ports.route.destination, used: ports.used,
        capacity: ports.capacity)
    }
  }
}

extension OwnerSummary {
  /// Adds one process of this owner.
  fileprivate mutating func add(_ process: ProcessRecord) {
    processes += 1
    guard let count = process.descriptorCount, let limit = process.descriptorSoftLimit
    else { return }
    let share = Double(count) / Double(max(1, limit))
    let worst = worstDescriptors.map { Double($0) / Double(max(1, worstDescriptorLimit ?? 1)) }
    if share > worst ?? -1 {
      worstDescriptors = count
      worstDescriptorLimit = limit
    }
  }
}
