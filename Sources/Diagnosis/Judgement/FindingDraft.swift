// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// The parts of a finding that all rules make in the same way: who, which peers, examples, what
/// runs out.
package struct FindingDraft {
  private let inquiry: Inquiry
  package let rule: RuleID
  package let namespace: NetnsID

  /// Whose sockets no process holds.
  static let nobody = Owner(.kernel, "no process")

  /// How many sockets a finding shows.
  private static let exampleCount = 3

  package var census: Census { inquiry.census }
  package var settings: RuleSettings { inquiry.settings }

  package init(_ inquiry: Inquiry, rule: RuleID, namespace: NetnsID) {
    self.inquiry = inquiry
    self.rule = rule
    self.namespace = namespace
  }

  /// A finding about a group of connections that processes hold.
  ///
  /// - Parameter since: When a member became stuck, as for its trend.
  package func finding(
    _ group: SocketGroup, cause: Cause, trend: Trend, holders culprits: [Culprit],
    since: (Connection) -> BootInstant = \.stateSince
  ) -> Finding {
    let owner =
      census.processes[group.service]?.owner ?? culprits.first?.process.owner
      ?? Self.nobody
    var finding = draft(
      owner: owner, subject: group.port.isInbound ? ":\(group.port.port)" : "to:\(group.port.port)",
      cause: cause, state: group.port.state,
      sockets: group.members.count + group.dead.count)
    if owner == Self.nobody { finding.owner = ownerWithoutHolder(of: group.members) }
    finding.culprits = culprits
    finding.localPort = group.localPort
    finding.remotePort = group.remotePort
    finding.growth = trend.growth
    describe(&finding, group.connections)
    remember(&finding, group, trend, since: since)
    finding.evidence.append(
      .survivors(count: trend.survivors, patienceSeconds: trend.patienceSeconds))
    finding.evidence.append(
      .turnover(
        entered: trend.entered, left: trend.left, medianDwellSeconds: trend.medianDwellSeconds))
    let lifetime = Self.lifetimeSeconds(group.port.state)
    finding.forecast = descriptorForecast(
      of: culprits, growth: trend.growth, endingAfter: lifetime)
    if lifetime == nil { forecastPorts(of: &finding) }
    finding.runtime =
      culprits.first { $0.role != .peer }?.process.runtime ?? .unknown
    finding.doubts = doubts(trend, members: group.members, culprits: culprits)
    return finding
  }

  /// Whose they are, where no process is known that has one. Not in the id of a finding: whether a
  /// process could be read changes from look to look.
  package func ownerWithoutHolder(of members: [Connection]) -> Owner {
    let isHidden = members.contains { census.row(of: $0).map(census.isHolderHidden) ?? false }
    return isHidden ? .unseen : Self.nobody
  }

  /// Notes its members, and when the last of them came if none comes any more.
  private func remember(
    _ finding: inout Finding, _ group: SocketGroup, _ trend: Trend,
    since: (Connection) -> BootInstant
  ) {
    let latest = census.now.advanced(bySeconds: -trend.patienceSeconds)
    var newest: BootInstant?
    func isStuck(_ connection: Connection) -> Bool {
      let instant = since(connection)
      guard instant <= latest else { return false }
      newest = max(newest ?? instant, instant)
      return true
    }
    finding.members = group.members.filter(isStuck).map(census.member)
    finding.members += group.dead.filter { $0.connection.map(isStuck) ?? false }
      .map(census.member)
    // The order of rows says nothing, and must make no difference.
    finding.members.sort { $0.id.key < $1.id.key }
    // One that came lately may be the next of many: then it is not known whether it grows.
    let areAllStuck = group.connections.allSatisfy { since($0) <= latest }
    if !trend.isGrowing, areAllStuck { finding.notGrowingSince = newest }
  }

  /// The kernel ends these by itself, whoever holds them: what comes at some rate grows to so many
  /// and no further. With the defaults of `tcp_syn_retries`, `tcp_synack_retries`, `tcp_retries2`
  /// and `tcp_orphan_retries`.
  private static func lifetimeSeconds(_ state: TCPState) -> Double? {
    switch state {
    case .synSent: 127
    case .synRecv: 63
    case .finWait1: 924
    case .lastAck, .closing: 100
    case .timeWait: 60
    default: nil
    }
  }

  /// A finding with its identity, and nothing else yet.
  package func draft(
    owner: Owner, subject: String, cause: Cause, state: TCPState, sockets: Int
  ) -> Finding {
    let name = census.namespace(namespace)?.name
    var finding = Finding(
      id: Finding.id(rule: rule, owner: owner, subject: subject, namespaceName: name),
      rule: rule, cause: cause, lifecycle: .pending, severity: .notice, namespace: namespace,
      owner: owner, state: state, sockets: sockets)
    finding.namespaceName = name
    return finding
  }

  /// Fills in the oldest, the top peers and the examples.
  package func describe(_ finding: inout Finding, _ members: [Connection]) {
    finding.oldest = members.min(by: Self.isOlder)?.age(at: census.now)
    finding.peers = census.places(of: members)
    finding.examples = examples(of: members, showing: finding.cause)
  }

  /// The oldest three that have themselves what the cause is told from; where there are fewer, the
  /// oldest of the others.
  private func examples(of members: [Connection], showing cause: Cause) -> [ExampleSocket] {
    // There can be 100,000: of each kind the few oldest are kept, and nothing is sorted.
    var showing: [Connection] = []
    var others: [Connection] = []
    for member in members {
      guard let row = census.row(of: member) else { continue }
      if cause.isShown(by: row) {
        Self.keepOldest(member, among: &showing)
      } else {
        Self.keepOldest(member, among: &others)
      }
    }
    return (showing + others).prefix(Self.exampleCount).compactMap { member in
      census.row(of: member).map {
        ExampleSocket(row: $0, age: member.age(at: census.now), holder: holder(of: member))
      }
    }
  }

  private static func isOlder(_ a: Connection, _ b: Connection) -> Bool {
    (a.stateSince, a.id.key) < (b.stateSince, b.id.key)
  }

  private static func keepOldest(_ member: Connection, among kept: inout [Connection]) {
    if kept.count == exampleCount, let last = kept.last, !isOlder(member, last) { return }
    kept.insert(member, at: kept.firstIndex { isOlder(member, $0) } ?? kept.count)
    if kept.count > exampleCount { kept.removeLast() }
  }

  /// Who has a descriptor on it now. What a connection's inode once led to is no longer true of an
  /// orphan: see ``openers(of:)``.
  private func holder(of connection: Connection) -> SocketHolder? {
    guard let row = census.row(of: connection), row.inode != 0,
      let reference = census.holders.first(of: connection.inode),
      let process = census.processes[reference.process]
    else { return nil }
    return SocketHolder(
      inode: connection.inode, process: process.id, fd: reference.fd, table: reference.table)
  }

  /// The processes that hold the members, those with most first, as one role.
  package func holders(
    of members: [Connection], dead: [DeadSocket] = [], role: Culprit.Role = .holder
  ) -> [Culprit] {
    var counts: [Int32: Int] = [:]
    for deadSocket in dead { counts[deadSocket.process, default: 0] += 1 }
    for member in members where census.row(of: member).map({ $0.inode != 0 }) ?? false {
      let references = census.holders.holders(of: member.inode)
      // Nearly every socket has one holder, and a set of one is dear.
      if references.count == 1 {
        counts[references[0].process, default: 0] += 1
      } else {
        for process in Set(references.map(\.process)) { counts[process, default: 0] += 1 }
      }
    }
    return culprits(counts, role: role, attribution: .descriptor)
  }

  /// The processes that held the members when they still had an owner.
  package func openers(of members: [Connection]) -> [Culprit] {
    var counts: [Int32: Int] = [:]
    for member in members where member.opener >= 0 { counts[member.opener, default: 0] += 1 }
    return culprits(counts, role: .opener, attribution: .remembered)
  }

  package func culprits(
    _ counts: [Int32: Int], role: Culprit.Role, attribution: Attribution
  ) -> [Culprit] {
    counts.compactMap { index, sockets in
      census.processes[index].map {
        Culprit($0, role: role, sockets: sockets, attribution: attribution)
      }
    }
    .sorted { ($1.sockets, $0.process.id) < ($0.sockets, $1.process.id) }
  }

  /// The processes that listen on an inbound group's port.
  package func listeners(of members: [Connection]) -> [Culprit] {
    var counts: [Int32: Int] = [:]
    for member in members {
      guard let row = census.row(of: member) else { continue }
      for process in census.listenerHolders(of: row) where census.processes[process]?.id.pid != 1 {
        counts[process, default: 0] += 1
      }
    }
    return culprits(counts, role: .listener, attribution: .listener)
  }

  /// The processes that accept for listeners, with how many wait for them.
  package func listeners(at rows: [SocketRow]) -> [Culprit] {
    var counts: [Int32: Int] = [:]
    for row in rows {
      for process in Set(census.holders.holders(of: row.inode).map(\.process))
      where census.processes[process]?.id.pid != 1 {
        counts[process, default: 0] += Int(row.receiveQueue)
      }
    }
    return culprits(counts, role: .listener, attribution: .listener)
  }

  /// When the process with the most of them hits its descriptor limit.
  ///
  /// - Parameter lifetime: After so many seconds each of them goes by itself; nil: never.
  package func descriptorForecast(
    of culprits: [Culprit], growth: Rate?, endingAfter lifetime: Double? = nil
  ) -> Forecast? {
    let holders = culprits.filter { $0.role == .holder }
    // Many processes with a socket or two each: none of them fills its own table.
    guard let worst = holders.first, worst.sockets > 2 || holders.count < 3,
      // Fewer than there are sockets: a thread has a table of its own, and nobody has counted that.
      let used = worst.process.descriptorCount, used >= worst.sockets,
      let limit = worst.process.descriptorSoftLimit, limit < UInt64(Int32.max)
    else { return nil }
    var forecast = Forecast(resource: .descriptors, used: used, limit: Int(limit))
    guard let growth, growth.perSecond > 0 else { return forecast }
    let total = max(1, holders.reduce(0) { $0 + $1.sockets })
    // Workers of one service leak alike, unless the numbers differ by more than chance.
    let even = Double(total) / Double(holders.count)
    let isEven = Double(worst.sockets) - even <= 3 * even.squareRoot()
    let share = isEven ? 1 / Double(holders.count) : Double(worst.sockets) / Double(total)
    let left = Double(max(0, Int(limit) - used))
    if let lifetime {
      let most = growth.high * share * lifetime
      if most - Double(worst.sockets) < left { return forecast }
    }
    var filling = Rate(
      perSecond: growth.perSecond * share, low: growth.low * share, high: growth.high * share)
    // What grows beside them in the same table (a file of each, a copy of each descriptor) fills it
    // too: what was counted there.
    let course = census.counters.descriptorCourse(
      of: worst.process.id, above: .infinity, window: settings.patience(for: rule))
    if lifetime == nil, course.restsAt == nil, let counted = course.growth,
      counted.low > filling.perSecond
    {
      filling = counted
    }
    forecast.seconds = left / filling.perSecond
    forecast.lowSeconds = left / filling.high
    forecast.highSeconds = filling.low > 0 ? left / filling.low : nil
    return forecast
  }

  /// What stays open keeps its local port too: of connections that a process has opened, the ports
  /// to the place that most of them lead to can be gone before its descriptors.
  private func forecastPorts(of finding: inout Finding) {
    guard finding.remotePort != nil, let place = finding.peers.first, let growth = finding.growth,
      place.sockets >= settings.fewestIdle,
      let ports = EphemeralPorts.all(in: census, fewest: settings.fewestIdle).first(where: {
        $0.route.destination == place.remote && $0.route.namespace == finding.namespace
      })
    else { return }
    let share = Double(place.sockets) / Double(max(place.sockets, finding.sockets))
    let forecast = ports.forecast(
      growth: Rate(
        perSecond: growth.perSecond * share, low: growth.low * share, high: growth.high * share))
    guard let seconds = forecast.seconds, seconds < finding.forecast?.seconds ?? .infinity
    else { return }
    finding.forecast = forecast
    finding.evidence.append(ports.evidence)
  }

  /// Whether a look was missing for so long that a good part of the patience was not watched, and
  /// not long ago.
  private var wasInterrupted: Bool {
    guard let gap = census.newestGap else { return false }
    let patience = settings.patience(for: rule)
    return gap.seconds > patience / 2
      && census.now.seconds(since: gap.endedAt) < 2 * patience
  }

  /// What stands against the verdict, from how and for how long was looked.
  package func doubts(
    _ trend: Trend?, members: [Connection], culprits: [Culprit]
  ) -> [Doubt] {
    var doubts: [Doubt] = []
    if census.looks <= 2, census.watchedSeconds < settings.patience(for: rule) / 4 {
      doubts.append(.oneLook)
    } else if trend?.isWatchedTooShort ?? false {
      doubts.append(.watchedTooShort)
    }
    if trend?.isDraining ?? false { doubts.append(.someDrain) }
    if !census.holderGaps.isEmpty, culprits.isEmpty || members.contains(where: lacksHolder) {
      doubts.append(.holdersIncomplete)
    }
    if census.namespace(namespace)?.source == .procNetTCP { doubts.append(.sourceLimited) }
    if members.contains(where: { $0.flags.contains(.isMPTCP) }) { doubts.append(.endUnknown) }
    if wasInterrupted { doubts.append(.samplerGap) }
    return doubts
  }

  /// Whether a process that could not be read may hold it: it is somebody's, and nobody is known.
  private func lacksHolder(_ member: Connection) -> Bool {
    guard let row = census.row(of: member), row.inode != 0 else { return false }
    return census.holders.first(of: member.inode) == nil
  }
}

extension Census {
  /// The places that most of these connections go to.
  func places(of connections: [Connection]) -> [PeerCount] {
    var places: [Endpoint: Int] = [:]
    for connection in connections {
      guard let row = row(of: connection) else { continue }
      // A client's port is of no use to anyone; its address is.
      let port = connection.flags.contains(.isInbound) ? 0 : row.remotePort
      places[Endpoint(row.remoteAddress, port), default: 0] += 1
    }
    return PeerCount.commonest(places)
  }
}
