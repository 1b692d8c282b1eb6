// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension Cause {
  /// The FIN is retransmitted and never acknowledged.
  package static let peerVanished = Cause("peer-vanished")
  /// The FIN waits behind data that a zero window holds back.
  package static let peerNeverReads = Cause("peer-never-reads")
}

/// Closes or handshakes that the other side does not answer: what the rules for FIN_WAIT1,
/// LAST_ACK, CLOSING, SYN_RECV and SYN_SENT share.
///
/// Every public host has some of these all day, from peers that vanish. They are a finding when
/// they are many, have been retransmitted, and are a real share of all connections here.
package struct UnfinishedGroup {
  static let thresholds: [Threshold] = [.fewestUnfinished, .unfinishedShare]
  /// Of those that wait for the acknowledgement of a FIN.
  static let causesOfClose: [Cause] = [.peerVanished, .peerNeverReads]

  static func patienceOfClose(_ rule: RuleID) -> Patience {
    Patience(
      of: rule, atMost: 15,
      because: "a FIN is acknowledged within a round trip; by then it has been sent seven times")
  }

  /// What tells the rules of this kind apart.
  package struct Question {
    package var rule: any Rule.Type
    package var state: TCPState
    package var fewestRetransmits: UInt8
    /// The counter of connections that these are a share of.
    package var connections: any KeyPath<TCPCounters, UInt64?> & Sendable

    package init(
      rule: any Rule.Type, state: TCPState, fewestRetransmits: UInt8,
      connections: any KeyPath<TCPCounters, UInt64?> & Sendable
    ) {
      self.rule = rule
      self.state = state
      self.fewestRetransmits = fewestRetransmits
      self.connections = connections
    }
  }

  package static func findings(
    _ question: Question, in inquiry: Inquiry
  ) -> [Finding] {
    let groups = inquiry.groups(of: question.state) { _, row in
      row.retransmits >= question.fewestRetransmits || row.timer == .probe
    }
    return groups.compactMap { finding(of: $0, question, in: inquiry) }
  }

  private static func finding(
    of group: SocketGroup, _ question: Question, in inquiry: Inquiry
  ) -> Finding? {
    let census = inquiry.census
    let settings = inquiry.settings
    let patience = question.rule.patience.seconds(settings)
    guard group.members.count >= settings.fewestUnfinished else { return nil }
    var trend = inquiry.trend(
      group, patienceSeconds: patience, since: \.stateSince)
    if question.state == .synRecv || question.state == .synSent {
      // The kernel gives each up after a minute or two, or the program after a time of its own:
      // that is no pace at which it goes on.
      trend.patienceSeconds = patience
      trend.survivors = group.members.count { $0.dwellSeconds(at: census.now) >= patience }
    }
    let handshakes = question.state == .synRecv ? ListenersHandshakes(group, in: inquiry) : nil
    guard trend.survivors > 0 || handshakes?.isStanding ?? false else { return nil }
    let draft = FindingDraft(
      inquiry, rule: question.rule.id, namespace: group.port.namespace)
    var culprits = draft.holders(of: group.members)
    if culprits.isEmpty { culprits = draft.listeners(of: group.members) }
    if culprits.isEmpty { culprits = draft.openers(of: group.members) }
    var finding = draft.finding(
      group, cause: cause(of: group, in: census), trend: trend, holders: culprits)
    if group.service < 0, culprits.isEmpty, finding.owner != .unseen {
      finding.owner = Owner(.kernel, group.port.isInbound ? "port \(group.port.port)" : "kernel")
    }
    finding.evidence.append(contentsOf: evidence(of: group, in: census))
    if finding.cause == .peerNeverReads {
      finding.culprits += PairIndex.unawarePeers(of: group.members, in: census)
    }
    finding.doubts.removeAll { $0 == .someDrain }
    let share = share(of: group, question, patience: patience, in: census)
    let isLarge = share.isLarge(settings)
    finding.severity =
      isLarge ? max(.warning, settings.severity(of: finding.forecast)) : .notice
    if let counted = share.counted { finding.evidence.append(counted) }
    if let full = handshakes?.evidence { finding.evidence.append(full) }
    if handshakes?.isStanding ?? false { finding.severity = max(.warning, finding.severity) }
    let isLong =
      trend.survivors >= fewestOld && census.watchedSeconds >= patience / 2
      || handshakes?.isStanding ?? false
    if isLong, !finding.doubts.contains(.oneLook) { finding.lifecycle = .firing }
    if question.state == .synSent,
      mayBeRestart(group, finding.forecast, question, patience: patience, in: inquiry)
    {
      finding.lifecycle = .pending
      if !finding.doubts.contains(.oneLook) { finding.doubts.append(.watchedTooShort) }
    }
    if isLarge, let handshakes, !handshakes.isStanding,
      !outlastsScans(group, question, patience: patience, in: inquiry)
    {
      finding.lifecycle = .pending
      if !finding.doubts.contains(.oneLook) { finding.doubts.append(.watchedTooShort) }
    }
    // The queue behind it is to be judged first: it may be full for a moment only.
    if handshakes?.waitsForAcceptQueue ?? false { finding.lifecycle = .pending }
    return finding
  }

  /// Handshakes at a listener, beside its queues.
  private struct ListenersHandshakes {
    private let settings: RuleSettings
    private let now: BootInstant
    private let pressure: QueueLog.Pressure?
    /// The stretches of its full accept queues.
    private let full: [QueueLog.Stretch]

    init(_ group: SocketGroup, in inquiry: Inquiry) {
      let census = inquiry.census
      settings = inquiry.settings
      now = census.now
      pressure = census.queues.pressure(on: group.port)
      let sockets = census.sample.sockets
      full = census.listeners.all.lazy.map { sockets[Int($0)] }.filter {
        $0.localPort == group.port.port && $0.namespace == group.port.namespace
      }.compactMap { census.queues.stretch(of: $0) }
    }

    /// The SYN queue is full beside an accept queue that is not: the kernel ends the older ones
    /// early, so none of them outlasts any patience.
    var isStanding: Bool { full.isEmpty && pressure?.isStanding(at: now, settings) ?? false }

    var evidence: Evidence? {
      pressure.map { .synQueue(used: $0.used, limit: $0.limit) }
    }

    /// The last ACK of a handshake is dropped while the accept queue is full.
    var waitsForAcceptQueue: Bool {
      let patience = settings.patience(for: .acceptQueueStall)
      return !full.isEmpty
        && !full.contains { $0.isStall(at: now, patienceSeconds: patience, settings) }
    }
  }

  /// A scan of ports leaves some dozens of handshakes, where there may be no other connections at
  /// all, and is over soon, or follows another one. So fewer than a flood, those that have gone
  /// again included, have to go on coming for twice the patience: the kernel keeps each of them for
  /// a minute after it has come. With a patience of less than a minute a scan is reported, too.
  private static func outlastsScans(
    _ group: SocketGroup, _ question: Question, patience: Double, in inquiry: Inquiry
  ) -> Bool {
    let settings = inquiry.settings
    let runs = inquiry.leavers(of: group).runs
    guard let run = run(of: group, and: runs, patience: patience, in: inquiry)
    else { return false }
    let set = question.rule.patience.setSeconds(settings)
    return run.count >= flood * settings.fewestUnfinished
      || run.newest.seconds(since: run.oldest) >= (settings.isShortWatch ? set : 2 * set)
  }

  /// A backend that restarts, or whose address moves to another host, answers nobody for a minute,
  /// and who waits for it is connected then: nothing is left to do. Told is what takes longer, or
  /// has no descriptors for so long.
  private static func mayBeRestart(
    _ group: SocketGroup, _ forecast: Forecast?, _ question: Question, patience: Double,
    in inquiry: Inquiry
  ) -> Bool {
    let now = inquiry.census.now
    let longest = min(longestRestart, question.rule.patience.setSeconds(inquiry.settings))
    // Bursts with pauses between them are no run, however long each of them stands.
    if group.members.count(where: { $0.dwellSeconds(at: now) >= longest }) >= fewestOld {
      return false
    }
    let runs = inquiry.leavers(of: group).runs
    guard let run = run(of: group, and: runs, patience: patience, in: inquiry)
    else { return false }
    let left = longest - now.seconds(since: run.oldest)
    let isUsedUp = forecast.map { $0.used >= $0.limit || $0.seconds.map { $0 < left } ?? false }
    return left > 0 && !(isUsedUp ?? false)
  }

  /// Handshakes that were not answered for the patience, one after the other without a long pause,
  /// up to the newest.
  ///
  /// - Parameter runs: What is known of times from which no leavers are kept.
  private static func run(
    of group: SocketGroup, and runs: [StayRun] = [], patience: Double, in inquiry: Inquiry
  ) -> (count: Int, oldest: BootInstant, newest: BootInstant)? {
    let leavers = inquiry.leavers(of: group)
    // All that leave in one look have left at the same time: a few may be missed here.
    let firstOfNewest = leavers.newest.map(\.at).min() ?? inquiry.census.now
    let gone = (leavers.newest + leavers.long.filter { $0.at < firstOfNewest })
      .filter { $0.dwellSeconds >= patience }
    let starts =
      group.members.map(\.stateSince)
      + gone.map { $0.at.advanced(bySeconds: -$0.dwellSeconds) }
    guard let newest = starts.max() else { return nil }
    // What comes between two looks is seen at the second, and as old as the timer can tell.
    let pause = max(LongStays.longestPause, 2 * inquiry.census.intervalSeconds)
    var (oldest, count) = (newest, 0)
    for start in starts.sorted(by: >) {
      if oldest.seconds(since: start) > pause { break }
      oldest = start
      count += 1
    }
    for run in runs.sorted(by: { $0.newest > $1.newest }) {
      if oldest.seconds(since: run.newest) > pause { break }
      oldest = min(oldest, run.oldest)
    }
    return (count, oldest, newest)
  }

  /// Restarts of a backend take no longer than this.
  package static let longestRestart = 90.0

  /// So many times the fewest are no scan.
  private static let flood = 10
  /// So many that have stood for so long are no chance.
  private static let fewestOld = 3

  private struct Share {
    var unfinished: Int
    var connections: Int?
    var counted: Evidence?

    func isLarge(_ settings: RuleSettings) -> Bool {
      guard let connections else { return unfinished >= flood * settings.fewestUnfinished }
      return Double(unfinished) >= settings.unfinishedShare * Double(max(connections, 1))
    }
  }

  /// The newcomers among them against all connections made in the time in which they came: what was
  /// made in the days before says nothing of handshakes now. What is closed now was made then.
  private static func share(
    of group: SocketGroup, _ question: Question, patience: Double, in census: Census
  ) -> Share {
    let oldest = group.members.map { $0.dwellSeconds(at: census.now) }.max() ?? 0
    let isHandshake = [.synRecv, .synSent].contains(question.state)
    let lately = isHandshake ? max(oldest, patience, 2 * census.intervalSeconds) : .infinity
    let window = max(min(census.watchedSeconds, lately), 1)
    let recent = group.members.count { $0.dwellSeconds(at: census.now) <= window }
    guard
      let made = census.counters.increase(
        of: question.connections, in: group.port.namespace, overSeconds: window + 1)
    else { return Share(unfinished: recent, connections: nil, counted: nil) }
    let name = question.connections == \.passiveOpens ? "PassiveOpens" : "ActiveOpens"
    return Share(
      unfinished: recent, connections: made.increase,
      counted: .counter(name: name, increase: made.increase, seconds: made.seconds))
  }

  private static func cause(of group: SocketGroup, in census: Census) -> Cause {
    switch group.port.state {
    case .synRecv: return .handshakeNeverCompleted
    case .synSent: return .connectBlackhole
    default:
      let blocked = group.members.count { census.row(of: $0)?.timer == .probe }
      return 2 * blocked > group.members.count ? .peerNeverReads : .peerVanished
    }
  }

  private static func evidence(of group: SocketGroup, in census: Census) -> [Evidence] {
    let rows = group.members.compactMap { census.row(of: $0) }
    let retransmits = rows.map { Int($0.retransmits) }.sorted()
    var found: [Evidence] = []
    if let most = retransmits.last, most > 0 {
      found.append(.retransmits(median: retransmits[retransmits.count / 2], most: most))
    }
    let sending = rows.filter { $0.sendQueue > 1 }
    if let largest = sending.map(\.sendQueue).max() {
      found.append(.sendQueue(sockets: sending.count, largest: Int(largest)))
    }
    return found
  }
}
