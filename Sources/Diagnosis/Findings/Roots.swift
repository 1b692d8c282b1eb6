// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Finds what stands behind the findings about a server's clients: a pass over what the rules say,
/// before the ledger takes it up. The evidence is what else the same processes have open.
struct Roots {
  let inquiry: Inquiry
  /// The connections that the accused processes have opened, by process.
  private(set) var opened: [Int32: [Upstream]] = [:]
  /// The accused processes, by their identity.
  private var indices: [ProcessID: Int32] = [:]

  /// One connection that a server has opened itself.
  struct Upstream {
    var place: Endpoint
    var kind: Kind
    /// For how long it has been so.
    var seconds: Double
    /// Whether answers come over it at all: one has come, or it was opened to ask what it waits
    /// for. What only sends (a log, numbers) is never answered.
    var isAnswered = false
    /// For how long no answer has come: longer than ``seconds`` where more was asked meanwhile.
    var secondsWithoutAnswer: Double

    enum Kind {
      case connecting, unanswered, idle, blocked
    }
  }

  /// What may be the doing of something behind the server. What a child has inherited, or a client
  /// does not read, has its reason in itself.
  private static let explained: [RuleID: Set<Cause>] = [
    .closeWaitLeak: waitingCauses, .closeWaitStuck: waitingCauses,
    .acceptQueueStall: [.notAccepted], .finWait1Pileup: [.peerNeverReads],
  ]
  private static let waitingCauses: Set<Cause> = [
    .eofReadNotClosed, .eofUnread, .dataUnread, .peerWaitsForAnswer,
  ]

  /// A proxy may have passed the end of its client's stream on: it waits in FIN_WAIT2 then.
  private static let waitingStates = StateSet(.synSent, .established, .finWait2)

  /// The findings with their roots, as far as they can be told. A sample without ESTABLISHED shows
  /// no backend: then each stays as it is.
  static func told(of findings: [Finding], in inquiry: Inquiry) -> [Finding] {
    withBackends(findings, in: inquiry).map { finding in
      var finding = finding
      if let stopped = stoppedProcess(of: finding) {
        finding.root = Root(.stoppedBySignal, process: stopped)
      } else if finding.root?.kind == .ownLimit, cannotAccept(finding, in: inquiry) {
        finding.root = nil
      }
      return finding
    }
  }

  /// Who would have to read, close or accept, where a signal has stopped all of them. One that is
  /// stopped among others that listen at the same port may not be who has to accept.
  private static func stoppedProcess(of finding: Finding) -> ProcessRecord? {
    guard finding.rule != .finWait1Pileup,
      explained[finding.rule]?.contains(finding.cause) ?? false
    else { return nil }
    let accused = finding.culprits.filter { $0.role == .holder || $0.role == .listener }
    return accused.allSatisfy(\.process.isStopped) ? accused.first?.process : nil
  }

  /// A server that is out of descriptors accepts as many as leave too, and does not allow itself
  /// more: the system does not. One that closes its queue (`listen(fd, 0)`) knows what it does: the
  /// limit that it has set is its own.
  private static func cannotAccept(_ finding: Finding, in inquiry: Inquiry) -> Bool {
    let census = inquiry.census
    let closesItsQueue = census.listeners.all.allSatisfy { position in
      let row = census.sample.sockets[Int(position)]
      return row.localPort != finding.localPort || row.namespace != finding.namespace
        || row.sendQueue == 0
    }
    return !closesItsQueue
      && finding.culprits.contains {
        $0.role == .listener && DescriptorExhaustion.isFull($0.process)
      }
  }

  private static func withBackends(_ findings: [Finding], in inquiry: Inquiry) -> [Finding] {
    let isWanted = findings.map(Self.mayHaveRoot)
    guard isWanted.contains(true), inquiry.census.sample.states.contains(.established)
    else { return findings }
    let roots = Roots(zip(findings, isWanted).filter(\.1).map(\.0), in: inquiry)
    return zip(findings, isWanted).map { finding, isWanted in
      guard isWanted else { return finding }
      var finding = finding
      finding.root = roots.root(of: finding) ?? finding.root
      return finding
    }
  }

  private static func mayHaveRoot(_ finding: Finding) -> Bool {
    (finding.localPort != nil || finding.rule == .finWait1Pileup)
      && explained[finding.rule]?.contains(finding.cause) ?? false
  }

  private init(_ findings: [Finding], in inquiry: Inquiry) {
    self.inquiry = inquiry
    let census = inquiry.census
    for process in findings.flatMap(Self.accused) {
      indices[process] = census.processes.index(of: process)
    }
    let wanted = Set(indices.values)
    for connection in census.connections
    where !connection.flags.contains(.isInbound) && connection.inode != 0 {
      guard let row = census.row(of: connection), row.inode != 0,
        Self.waitingStates.contains(row.state)
      else { continue }
      let references = census.holders.holders(of: row.inode)
      // Nearly every socket has one holder, and a set of one is dear.
      let holders =
        references.count == 1 ? [references[0].process] : Array(Set(references.map(\.process)))
      guard holders.contains(where: wanted.contains), let upstream = upstream(connection, row)
      else { continue }
      for holder in holders where wanted.contains(holder) {
        opened[holder, default: []].append(upstream)
      }
    }
  }

  private static func accused(_ finding: Finding) -> [ProcessID] {
    finding.culprits.filter { $0.role == .holder || $0.role == .listener }.map(\.process.id)
  }

  /// What a connection waits for; nil while it is answered.
  private func upstream(_ connection: Connection, _ row: SocketRow) -> Upstream? {
    let now = inquiry.census.now
    func of(_ kind: Upstream.Kind, since: BootInstant) -> Upstream {
      let seconds = max(0, now.seconds(since: since))
      let answer = Double(row.lastDataReceivedMilliseconds) / 1000
      return Upstream(
        place: row.remote, kind: kind, seconds: seconds,
        secondsWithoutAnswer: row.bytesReceived > 0 ? answer : seconds)
    }
    if row.state == .synSent {
      return row.retransmits > 0 ? of(.connecting, since: connection.stateSince) : nil
    }
    if row.sendQueue > 0 { return of(.blocked, since: connection.progressAt) }
    // Unread answers are this program's to read.
    guard row.receiveQueue == 0 else { return nil }
    // The end of a client's stream was passed on, and the other end has not closed yet.
    let isAsked = row.waitsForAnswer || row.state == .finWait2
    var upstream = of(isAsked ? .unanswered : .idle, since: connection.progressAt)
    upstream.isAnswered =
      row.bytesReceived > 0
      || !connection.flags.contains(.inFirstLook)
        && connection.progressAt.seconds(since: connection.firstSeen)
          <= inquiry.settings.firstUseSeconds
    return upstream
  }

  // MARK: What each finding has behind it

  private func root(of finding: Finding) -> Root? {
    if finding.rule == .finWait1Pileup { return unreadElsewhere(finding) }
    let processes = Self.accused(finding).compactMap { indices[$0] }
    let clients = clients(of: finding, Set(processes))
    guard clients > 0 else { return nil }
    let places = waiting(of: finding, processes)
    return backend(of: finding, places, clients: clients)
      ?? sharedBackend(of: finding, processes)
      ?? poolersBackend(of: finding, processes)
      ?? (isStoppedReading(finding, Set(processes)) ? stoppedReading(finding) : nil)
  }

  /// How many clients it keeps waiting: those that have gone long since, or, where nobody accepts,
  /// those that its workers are busy with.
  private func clients(of finding: Finding, _ processes: Set<Int32>) -> Int {
    guard finding.rule == .acceptQueueStall else { return finding.members.count }
    return accepted(at: finding, by: processes).count
  }

  /// What the processes of a finding wait for, by place, as long as its sockets have been stuck.
  private func waiting(
    of finding: Finding, _ processes: [Int32]
  ) -> [Endpoint: Root.Waiting] {
    let (patience, connecting) = (patience(of: finding), connectPatience(of: finding))
    var places: [Endpoint: Root.Waiting] = [:]
    for upstream in askedForClients(of: finding, processes) {
      guard upstream.seconds >= (upstream.kind == .connecting ? connecting : patience)
      else { continue }
      switch upstream.kind {
      case .connecting: places[upstream.place, default: Root.Waiting()].connecting += 1
      case .unanswered: places[upstream.place, default: Root.Waiting()].unanswered += 1
      case .idle: places[upstream.place, default: Root.Waiting()].idle += 1
      case .blocked: places[upstream.place, default: Root.Waiting()].blocked += 1
      }
    }
    return places
  }

  /// What the processes of a finding have opened, without what they had asked before any of its
  /// clients came: consumers of a queue and watches on a store wait for their next event.
  private func askedForClients(of finding: Finding, _ processes: [Int32]) -> [Upstream] {
    var clients = finding.members.compactMap { inquiry.census.connection($0.id) }
    if finding.rule == .acceptQueueStall { clients += accepted(at: finding, by: Set(processes)) }
    let first = clients.map(requestSeconds).max() ?? .infinity
    return Set(processes).flatMap { opened[$0] ?? [] }.filter { upstream in
      upstream.kind != .unanswered || upstream.seconds <= first + Self.requestSlack
    }
  }

  /// A request is passed on as soon as it is there.
  private static let requestSlack = 0.25

  /// How long ago the last of what a client sent came in; infinite where that is not known, and
  /// where it may be no request but its goodbye (close_notify).
  private func requestSeconds(of client: Connection) -> Double {
    guard let row = inquiry.census.row(of: client), row.knowledge.contains(.tcpInfo)
    else { return .infinity }
    let seconds = Double(row.lastDataReceivedMilliseconds) / 1000
    let isGoodbye =
      client.state == .closeWait
      && seconds < client.dwellSeconds(at: inquiry.census.now) + Self.requestSlack / 2
    return isGoodbye ? .infinity : seconds
  }

  private func connectPatience(of finding: Finding) -> Double {
    min(patience(of: finding), SynSentPileup.patience.seconds(inquiry.settings))
  }

  func patience(of finding: Finding) -> Double {
    for case .survivors(_, let seconds) in finding.evidence { return seconds }
    return inquiry.settings.patience(for: finding.rule)
  }

  /// The backend that it waits for.
  ///
  /// - As many connections without an answer as clients (four fifths: some clients wait for
  ///   something else). They may go to several places: the one with most is named.
  /// - As many to one place that are silent altogether: one for each client, as a proxy has. A pool
  ///   of idle connections is larger or smaller than the number of clients that have gone. And who
  ///   has read the end of its client's stream waits for nobody whose last word was an answer: it
  ///   has only not closed.
  /// - One that all share and whose Send-Q does not drain: what is not sent on is not read either.
  private func backend(
    of finding: Finding, _ places: [Endpoint: Root.Waiting], clients: Int
  ) -> Root? {
    func unanswered(_ waiting: Root.Waiting) -> Int { waiting.connecting + waiting.unanswered }
    let all = places.values.reduce(0) { $0 + unanswered($1) }
    if 5 * all >= 4 * clients, let most = Self.most(places, by: unanswered) {
      var waiting = Root.Waiting()
      for other in places.values { waiting.add(other) }
      waiting.idle = 0
      return root(waitingFor: most, waiting, of: finding)
    }
    if let most = Self.most(places, by: \.sockets), let waiting = places[most],
      finding.cause != .eofReadNotClosed, clients >= inquiry.settings.smallestBlock,
      5 * waiting.sockets >= 4 * clients,
      4 * waiting.sockets <= 5 * clients
    {
      return root(waitingFor: most, waiting, of: finding)
    }
    guard finding.cause != .eofReadNotClosed, let most = Self.most(places, by: \.blocked),
      let waiting = places[most], 2 * waiting.blocked >= waiting.sockets
    else { return nil }
    return root(waitingFor: most, waiting, of: finding)
  }

  /// The backend that more clients wait for than there are connections to it: a proxy sends all
  /// requests over one, workers or a pool have one each and are all taken.
  ///
  /// None of those connections is answered, those of its pool that nobody uses and those of workers
  /// that are still to be made included, and that began when the first of the clients was left
  /// waiting: what has waited for much longer (a queue of jobs) is another story. And a few explain
  /// many only if more was asked over them after the first was left: a watch on a store waits for
  /// its next event, and explains nothing.
  private func sharedBackend(of finding: Finding, _ processes: [Int32]) -> Root? {
    guard finding.rule != .acceptQueueStall, let stuckSeconds = oldestSeconds(of: finding)
    else { return nil }
    let patience = patience(of: finding)
    let upstreams = askedForClients(of: finding, processes)
    let places = Dictionary(grouping: upstreams, by: \.place).filter { _, all in
      let connecting = all.filter { $0.kind == .connecting }
      let asked = all.filter { $0.kind == .unanswered }
      let areMany = asked.count + connecting.count >= inquiry.settings.fewestDefects
      let isSilent = all.allSatisfy {
        $0.kind == .connecting && $0.seconds >= connectPatience(of: finding)
          || [.unanswered, .idle].contains($0.kind) && $0.secondsWithoutAnswer >= patience
      }
      // No handshake is tried for as long as clients wait, so none says when it began. Clients
      // that are served meanwhile say that it is not what the others wait for.
      if isSilent, areMany, asked.isEmpty {
        return finding.cause != .eofReadNotClosed && !isServing(finding, Set(processes))
      }
      let window = stuckSeconds...stuckSeconds + patience
      return isSilent && (asked.contains(where: \.isAnswered) || areMany)
        && (areMany || asked.contains { $0.seconds < stuckSeconds })
        && [asked.map(\.seconds).max(), asked.map(\.secondsWithoutAnswer).max()]
          .contains { $0.map(window.contains) ?? false }
    }
    let waiting = places.mapValues(Self.waiting)
    guard let most = Self.most(waiting, by: \.sockets), let all = waiting[most]
    else { return nil }
    return root(waitingFor: most, all, of: finding)
  }

  /// What these wait for; that some are idle is no waiting.
  static func waiting(_ upstreams: [Upstream]) -> Root.Waiting {
    var waiting = Root.Waiting()
    waiting.connecting = upstreams.count { $0.kind == .connecting }
    waiting.unanswered = upstreams.count { $0.kind == .unanswered }
    waiting.blocked = upstreams.count { $0.kind == .blocked }
    return waiting
  }

  /// For how long the first of its clients has been stuck.
  func oldestSeconds(of finding: Finding) -> Double? {
    let census = inquiry.census
    return finding.members.compactMap { census.connection($0.id)?.dwellSeconds(at: census.now) }
      .max()
  }

  static func most(
    _ places: [Endpoint: Root.Waiting], by count: (Root.Waiting) -> Int
  ) -> Endpoint? {
    places.filter { count($0.value) > 0 }
      .max { (count($0.value), $1.key) < (count($1.value), $0.key) }?.key
  }

  func root(
    waitingFor place: Endpoint, _ waiting: Root.Waiting, of finding: Finding
  ) -> Root {
    var root = Root(
      .waitsForBackend, place: place,
      process: inquiry.listener(at: place, from: finding.namespace))
    root.waiting = waiting
    return root
  }

  // MARK: A server and its clients

  func listeners(at finding: Finding) -> [SocketRow] {
    let census = inquiry.census
    return census.listeners.all.map { census.sample.sockets[Int($0)] }.filter {
      $0.localPort == finding.localPort && $0.namespace == finding.namespace
    }
  }

  /// The clients of a finding's port that its processes have accepted and keep.
  func accepted(at finding: Finding, by processes: Set<Int32>) -> [Connection] {
    let census = inquiry.census
    return census.connections.filter { connection in
      guard connection.flags.contains(.isInbound), connection.localPort == finding.localPort,
        connection.id.namespace == finding.namespace,
        connection.state == .established || connection.state == .closeWait,
        let row = census.row(of: connection), row.inode != 0
      else { return false }
      return census.holders.holders(of: row.inode).contains { processes.contains($0.process) }
    }
  }
}

extension Inquiry {
  /// The process that listens at a place as a namespace sees it, when it is on this host.
  func listener(at place: Endpoint, from namespace: NetnsID) -> ProcessRecord? {
    let sockets = census.sample.sockets
    let candidates = census.listeners.all.map { sockets[Int($0)] }.filter {
      $0.localPort == place.port
        && ($0.localAddress == place.address || $0.localAddress == .anyIPv4
          || $0.localAddress == .anyIPv6)
    }
    guard !candidates.isEmpty else { return nil }
    let homes: Set<NetnsID> =
      place.address.isLoopback
      ? [namespace]
      : Set(sockets.lazy.filter { $0.localAddress == place.address }.map(\.namespace))
    // Its own namespace first: private addresses are used again in others.
    let near = candidates.filter { homes.contains($0.namespace) }
      .sorted { ($0.namespace != namespace ? 1 : 0) < ($1.namespace != namespace ? 1 : 0) }
    for listener in near {
      for holder in census.holders.holders(of: listener.inode) {
        if let record = census.processes[holder.process], record.id.pid != 1 { return record }
      }
    }
    return nil
  }
}
