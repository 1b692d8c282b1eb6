// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// The CLOSE_WAIT sockets of one service on one port, judged: what `close-wait-leak` and
/// `close-wait-stuck` share. With those that have died since: they were not closed either.
package struct CloseWaitGroup {
  static let causes: [Cause] = [
    .eofReadNotClosed, .eofUnread, .dataUnread, .peerWaitsForAnswer, .inheritedByChild,
    .stuckWriter,
  ]
  /// One for both rules: they judge the same sockets.
  static let patience = Patience(of: .closeWaitLeak)
  /// Whether it can be a client's pool: outgoing connections of which nothing but the end of stream
  /// is there to be read, or was. They go when they are used next, and are replaced.
  package enum Pool: Hashable, Sendable {
    case none
    case unknown
    /// They were seen to go so.
    case reused
  }

  package var group: SocketGroup
  package var trend: Trend
  package var cause: Cause
  package var culprits: [Culprit]
  package var evidence: [Evidence]
  package var pool: Pool
  /// Whether the holder has opened them or inherited them cannot be told.
  package var mayBeInherited: Bool

  /// How many the process has that has most of them.
  var inFullest: Int { culprits.first { $0.role == .holder }?.sockets ?? 0 }

  /// All groups of a census that have at least one stuck socket.
  package static func all(in inquiry: Inquiry) -> [CloseWaitGroup] {
    var groups = inquiry.groups(of: .closeWait) { _, row in row.inode != 0 }
    inquiry.addStuckDead(to: &groups)
    var whole = groups
    inquiry.addYoungDead(to: &whole)
    var judged = groups.indices.compactMap { index in
      CloseWaitGroup(groups[index], in: inquiry)?.joined(by: whole[index], in: inquiry)
    }
    guard judged.contains(where: { $0.pool == .unknown }) else { return judged }
    let opened = inquiry.openedWhileWatched()
    for index in judged.indices where judged[index].pool == .unknown {
      if judged[index].isReused(opened, in: inquiry) { judged[index].pool = .reused }
    }
    return judged
  }

  /// The same with those that died before they were stuck, where it is a defect without them. What
  /// can be a pool, or waits for an answer, explains no descriptor on a dead socket.
  private func joined(by whole: SocketGroup, in inquiry: Inquiry) -> CloseWaitGroup {
    guard whole.dead.count > group.dead.count, pool == .none, cause != .peerWaitsForAnswer,
      trend.survivors >= inquiry.settings.fewestStuck, !trend.isDraining
    else { return self }
    guard let joined = CloseWaitGroup(whole, in: inquiry), joined.pool == .none else { return self }
    return joined
  }

  /// When it fell silent: a half-closed connection over which we still send is alive.
  static func quietSince(_ connection: Connection) -> BootInstant {
    max(connection.stateSince, connection.progressAt)
  }

  private init?(_ group: SocketGroup, in inquiry: Inquiry) {
    let census = inquiry.census
    let settings = inquiry.settings
    let patience = Self.patience.seconds(settings)
    // What the verdict needs at least, before anything is sorted: one that has outstayed the
    // patience, or enough of them for a flood.
    let limit = census.now.advanced(bySeconds: -patience)
    let all = group.connections
    guard all.count > settings.poolBound || all.contains(where: { Self.quietSince($0) <= limit })
    else { return nil }
    var trend = inquiry.trend(
      group, patienceSeconds: patience, since: Self.quietSince)
    if let shorter = Self.shorterPatience(trend, group, in: inquiry) {
      trend = inquiry.trend(
        group, patienceSeconds: shorter, since: Self.quietSince)
    }
    let isStuck = { (connection: Connection) in
      census.now.seconds(since: Self.quietSince(connection)) >= trend.patienceSeconds
    }
    let stuck = group.members.filter(isStuck)
    let judged = stuck + group.dead.compactMap(\.connection).filter(isStuck)
    guard !judged.isEmpty else { return nil }
    var quiet = group
    quiet.members = group.members.filter {
      census.now.seconds(since: Self.quietSince($0)) >= 2 * census.intervalSeconds
        || !$0.flags.contains(.sentInState)
    }
    self.group = quiet
    self.trend = trend
    let draft = FindingDraft(
      inquiry, rule: .closeWaitLeak, namespace: group.port.namespace)
    let holders = draft.holders(of: quiet.members, dead: quiet.dead)
    let queues = ReceiveQueues(judged)
    let inheritance = Inheritance(stuck, holders: holders, in: census)
    evidence = queues.evidence
    cause = inheritance.isInherited ? .inheritedByChild : queues.cause
    let goodbyes = group.port.isInbound ? 0 : judged.count { census.hasGoodbye($0) }
    if cause == .dataUnread, 2 * goodbyes > judged.count {
      cause = .eofUnread
      evidence.append(.goodbyes(count: goodbyes))
    }
    // Who has opened a connection asks, and shuts down its sending to say so. A server that does
    // has answered: it waits for its client to close.
    if cause == .eofReadNotClosed, group.port.isInbound,
      inquiry.waitingPeers(of: stuck) * 2 > judged.count
    {
      cause = .peerWaitsForAnswer
    }
    // Who has opened what others keep is still taken for the holder of the newest, until these are
    // looked at again. Of those that are stuck every holder is known.
    let gone = Set(inheritance.openers.map(\.process.id))
      .subtracting(draft.holders(of: stuck).map(\.process.id))
    culprits = holders.filter { !gone.contains($0.process.id) } + inheritance.openers
    mayBeInherited = inheritance.mayBeInherited
    let isPoolLike =
      !group.port.isInbound && (cause == .eofUnread || cause == .eofReadNotClosed)
    pool = isPoolLike ? .unknown : .none
    if !quiet.dead.isEmpty { evidence.append(.turnedDead(count: quiet.dead.count)) }
    culprits += inquiry.pairs.peers(of: quiet.members, in: census)
  }

  /// Whether it is told as a leak: what grows is, unless leaks are not to be told.
  func isLeak(_ settings: RuleSettings) -> Bool {
    trend.isGrowing && !settings.disabledRules.contains(.closeWaitLeak)
  }

  /// Whether they came over a longer time than the patience. Jobs that are sent in one go wait for
  /// their answers together: so many at once are no growth.
  func comesOverTime(in inquiry: Inquiry) -> Bool {
    let starts = group.connections.map(\.stateSince)
    guard let first = starts.min(), let last = starts.max() else { return false }
    return last.seconds(since: first) >= Self.patience.seconds(inquiry.settings)
  }

  /// Whether stale ones have gone and others have come in their place: a tenth of as many as there
  /// are, and they had been stale for as long as these. A leak beside a pool grows older than what
  /// the pool has ever taken out.
  private func isReused(_ opened: [Inquiry.OpenedKey: Int], in inquiry: Inquiry) -> Bool {
    let now = inquiry.census.now
    let old = group.connections.filter {
      now.seconds(since: Self.quietSince($0)) >= trend.patienceSeconds
    }
    guard let port = group.remotePort, !old.isEmpty else { return false }
    let leavers = inquiry.leavers(of: group)
    let stale = leavers.count(ofAtLeast: Self.medianAge(old, at: now) / 2) { _ in true }
    let came = opened[Inquiry.OpenedKey(service: group.service, port: port)] ?? 0
    let isReusedNow =
      stale >= 3 && 10 * stale >= old.count && 4 * came >= min(stale, old.count)
    return isReusedNow || wasReused(old, leavers, in: inquiry)
  }

  /// Whether they are what was left when the pool was last used: at night it lies there whole, and
  /// older than any that was ever taken out. So its ages of that time count. And in the time that
  /// the last one lay there, all of a pool is taken out once: half as many as there are now have
  /// to have gone, and not many more have to have come.
  private func wasReused(
    _ old: [Connection], _ leavers: Departures, in inquiry: Inquiry
  ) -> Bool {
    let newest = leavers.newest.sorted { $0.at > $1.at }
    let last = newest.prefix(max(3, (old.count + 9) / 10))
    guard last.count >= 3, let first = last.last, let end = newest.first?.at else { return false }
    let dwell = last.map(\.dwellSeconds).sorted()[last.count / 2]
    let then = end.advanced(bySeconds: -dwell)
    let gone = newest.count { $0.at >= then }
    let came = group.connections.count { $0.firstSeen >= then }
    return dwell >= Self.medianAge(old, at: first.at) / 2 && 2 * gone >= old.count
      && came <= gone + inquiry.settings.poolBound
  }

  /// Half of them had been stale for so long at an instant.
  private static func medianAge(_ connections: [Connection], at instant: BootInstant) -> Double {
    connections.map { max(0, instant.seconds(since: quietSince($0))) }
      .sorted()[connections.count / 2]
  }

  /// The time in which the evidence is overwhelming, if it is before the patience has passed.
  ///
  /// A flood does not wait: sockets that came evenly over all of that time, of which none has left.
  /// A burst comes within 2 or 3 seconds, so evenness over 15 rules it out, whatever its size. A
  /// program that is known to close its sockets may stand still for half a minute (a collection of
  /// garbage, a full disk) and then close all of them: it gets 45.
  ///
  /// Either they are more than any burst of a healthy host, or they would exhaust the descriptors
  /// before the patience has passed.
  private static func shorterPatience(
    _ trend: Trend, _ group: SocketGroup, in inquiry: Inquiry
  ) -> Double? {
    let census = inquiry.census
    let settings = inquiry.settings
    let floodPatience = trend.left == 0 ? 10.0 : 45.0
    let span = 1.5 * floodPatience
    guard patience.seconds(settings) > floodPatience,
      trend.slowDwellSeconds < floodPatience / 4,
      census.watchedSeconds >= span
    else { return nil }
    let now = census.now
    let ages = group.connections.map { now.seconds(since: quietSince($0)) }.filter { $0 <= span }
    var parts = [Int](repeating: 0, count: 5)
    for age in ages { parts[min(4, Int(max(0, age) / span * 5))] += 1 }
    let isEven = parts.allSatisfy { 10 * $0 >= ages.count }
    guard isEven, ages.count > settings.poolBound else { return nil }
    let isHuge = group.members.count + group.dead.count >= 500
    return isHuge || exhausts(ages.count, in: span, group, inquiry) ? floodPatience : nil
  }

  /// Whether one process reaches its limit of descriptors within the patience, at this pace.
  private static func exhausts(
    _ arrivals: Int, in span: Double, _ group: SocketGroup, _ inquiry: Inquiry
  ) -> Bool {
    let draft = FindingDraft(inquiry, rule: .closeWaitLeak, namespace: group.port.namespace)
    let rate = Double(arrivals) / span
    let forecast = draft.descriptorForecast(
      of: draft.holders(of: group.members, dead: group.dead),
      growth: Rate(perSecond: rate, low: rate, high: rate))
    return (forecast?.seconds ?? .infinity) < patience.seconds(inquiry.settings)
  }
}

/// The receive queues of stuck sockets, and what they say.
struct ReceiveQueues {
  private var zero = 0
  private var finOnly = 0
  private var data = 0
  /// Of MPTCP, which shows the end of the stream nowhere.
  private var unknown = 0
  private var largest = 0
  private var stuckWriters = 0
  private var largestSend = 0
  private var sizes: [UInt32: Int] = [:]

  /// A close_notify and the FIN behind it: TLS 1.3 (24 + 1), TLS 1.2 with AES-GCM (31 + 1),
  /// ChaCha20 (23 + 1), CBC with SHA-1 and SHA-256 (53 + 1, 69 + 1).
  static let closeNotifySizes: Set<UInt32> = [25, 32, 24, 54, 70]

  /// As they were when they were last seen.
  init(_ connections: [Connection]) {
    for row in connections {
      if row.flags.contains(.isMPTCP) {
        addMPTCP(receive: row.receiveQueue, send: row.sendQueue)
      } else {
        add(receive: row.receiveQueue, send: row.sendQueue)
      }
    }
  }

  /// Those of one socket.
  init(receive: UInt32, send: UInt32) { add(receive: receive, send: send) }

  private mutating func add(receive: UInt32, send: UInt32) {
    switch receive {
    case 0: zero += 1
    case 1: finOnly += 1
    default: data += 1
    }
    largest = max(largest, Int(receive))
    sizes[receive, default: 0] += 1
    if send > 0 { stuckWriters += 1 }
    largestSend = max(largestSend, Int(send))
  }

  /// Memory, not bytes: that there is data, but not how much.
  private mutating func addMPTCP(receive: UInt32, send: UInt32) {
    if receive == 0 { unknown += 1 } else { data += 1 }
    if send > 0 { stuckWriters += 1 }
  }

  /// All unread data is of the size of one close_notify: nobody stalled, nobody looked.
  private var closeNotify: UInt32? {
    guard data > 0, zero == 0,
      let common = sizes.filter({ $0.key > 1 }).max(by: { $0.value < $1.value }),
      common.value == data, Self.closeNotifySizes.contains(common.key)
    else { return nil }
    return common.key
  }

  var cause: Cause {
    let all = zero + finOnly + data + unknown
    if 2 * stuckWriters > all { return .stuckWriter }
    if closeNotify != nil { return .eofUnread }
    let most = max(zero, finOnly, data, unknown)
    if most == data { return .dataUnread }
    return most == zero || most == unknown ? .eofReadNotClosed : .eofUnread
  }

  var evidence: [Evidence] {
    var found: [Evidence] = [
      .receiveQueue(zero: zero, finOnly: finOnly, data: data, largest: largest)
    ]
    if stuckWriters > 0 { found.append(.sendQueue(sockets: stuckWriters, largest: largestSend)) }
    if let closeNotify { found.append(.closeNotifySized(bytes: Int(closeNotify))) }
    return found
  }
}

extension SocketRow {
  /// More than any such message.
  private static let largestGoodbye: UInt32 = 1024
  /// What was asked before is answered by then, at most servers.
  private static let answerMilliseconds: UInt32 = 1000

  /// Whether the little that is unread can be what a server says before it closes (a FATAL of
  /// PostgreSQL, an error packet of MySQL, a 408 of a web server) to a client that has been
  /// answered before and has asked nothing since.
  var isGoodbye: Bool {
    knowledge.contains(.tcpInfo) && (2...Self.largestGoodbye).contains(receiveQueue)
      && bytesReceived > UInt64(receiveQueue)
      && lastDataSentMilliseconds >= lastDataReceivedMilliseconds
      && lastDataSentMilliseconds - lastDataReceivedMilliseconds >= Self.answerMilliseconds
  }
}

extension Census {
  /// Whether all that is unread of a closed connection is such a message, which came with the FIN.
  fileprivate func hasGoodbye(_ connection: Connection) -> Bool {
    guard let row = row(of: connection), row.isGoodbye else { return false }
    let data = Double(row.lastDataReceivedMilliseconds) / 1000
    return abs(data - connection.dwellSeconds(at: now)) < 1
  }
}

extension Cause {
  /// Recv-Q 0: the program has consumed the FIN and did not close the descriptor. Of MPTCP, whether
  /// it has consumed the end is not known: ``Doubt/endUnknown``.
  package static let eofReadNotClosed = Cause("eof-read-not-closed")
  /// Recv-Q 1 (or only a TLS close_notify, or a goodbye): nobody reads this socket any more.
  package static let eofUnread = Cause("eof-unread")
  /// Recv-Q 0, and the other end, which is on this host too, still waits for an answer: it has shut
  /// down its sending only.
  package static let peerWaitsForAnswer = Cause("peer-waits-for-answer")
  /// Recv-Q above 1: input that the application never took.
  package static let dataUnread = Cause("data-unread")
  /// Held by a process that did not open it, or still held by a child.
  package static let inheritedByChild = Cause("inherited-by-child")
  /// Send-Q does not drain: the peer does not read what the application still sends.
  package static let stuckWriter = Cause("stuck-writer")

  /// Whether a socket has itself what the cause was told from. Not every one of a group has: the
  /// most decide.
  func isShown(by row: SocketRow) -> Bool {
    switch self {
    case .eofReadNotClosed: row.receiveQueue == 0
    case .eofUnread:
      row.receiveQueue == 1 || ReceiveQueues.closeNotifySizes.contains(row.receiveQueue)
        || row.isGoodbye
    // 1 is the FIN alone.
    case .dataUnread: row.receiveQueue > 1
    case .stuckWriter: row.sendQueue > 0
    default: true
    }
  }
}
