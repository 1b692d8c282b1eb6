// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension RuleID {
  package static let acceptQueueStall = RuleID("accept-queue-stall")
}

extension Cause {
  package static let notAccepted = Cause("not-accepted")
}

/// Connections are not accepted in time: the listener does not call accept(), or not often enough.
///
/// A socket in ESTABLISHED or CLOSE_WAIT without an inode still waits in an accept queue. The queue
/// is first in, first out: one that has waited for long means that nobody accepts. A queue that is
/// full in sample after sample is a stall too, also when it moves: who comes out of it has waited
/// for the whole queue, and who comes to it is turned away.
package enum AcceptQueueStall: Rule {
  package static let id = RuleID.acceptQueueStall
  package static let causes: [Cause] = [.notAccepted]
  package static let states: [TCPState] = [.established, .closeWait, .listen]
  package static let counts = Counted.queued
  package static let patience = Patience(of: id)
  package static let thresholds: [Threshold] = [.fewestDefects, .fewestSamples, .queueFull]

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    queues(in: inquiry).compactMap { finding(of: $0, in: inquiry) }
  }

  /// Since when it waits, at least. Data (or, without any, the handshake) came while it was in the
  /// queue already. While the host slept, nobody could accept it: what was seen before a gap counts
  /// from its end on, unless the kernel's own clock says more.
  private static func waitsSince(_ connection: Connection, in census: Census) -> BootInstant {
    var firstSeen = connection.firstSeen
    if let gap = census.newestGap { firstSeen = max(firstSeen, gap.endedAt) }
    return connection.state == .closeWait
      ? min(connection.stateSince, firstSeen) : min(firstSeen, connection.progressAt)
  }

  // MARK: The queues

  /// What waits at one port, and the listeners that it waits for.
  private struct Queue {
    var group: SocketGroup
    var listeners: [SocketRow] = []
    /// Those of the listeners whose queue has been full in sample after sample.
    var stretch: QueueLog.Stretch?
    var used: Int { listeners.reduce(0) { $0 + Int($1.receiveQueue) } }
    /// nil: the source does not know it.
    var limit: Int? {
      listeners.isEmpty || !listeners.allSatisfy { $0.knowledge.contains(.acceptQueueLimit) }
        ? nil : listeners.reduce(0) { $0 + Int($1.sendQueue) }
    }
  }

  private struct Place: Hashable {
    var namespace: NetnsID
    var port: UInt16
  }

  private static func queues(in inquiry: Inquiry) -> [Queue] {
    let census = inquiry.census
    // Those whose client still waits are in the same queue as those whose client has gone.
    var queues: [Queue] = []
    var positions: [Place: Int] = [:]
    for state in [TCPState.closeWait, .established] {
      for group in inquiry.groups(of: state, where: { _, row in row.isUnaccepted }) {
        let place = Place(namespace: group.port.namespace, port: group.port.port)
        if let position = positions[place] {
          queues[position].group.members += group.members
        } else {
          positions[place] = queues.count
          queues.append(Queue(group: group))
        }
      }
    }
    let sockets = census.sample.sockets
    for position in queues.indices {
      var indices: Set<Int32> = []
      for member in queues[position].group.members {
        guard let row = census.row(of: member) else { continue }
        indices.formUnion(census.listeners.listeners(of: row, in: sockets))
      }
      queues[position].listeners = stalled(indices.sorted().map { sockets[Int($0)] }, in: inquiry)
    }
    // What waits is in ESTABLISHED, which not every sample reads; the listener is in each.
    for index in census.listeners.all {
      let listener = sockets[Int(index)]
      guard let stretch = census.queues.stretch(of: listener) else { continue }
      let place = Place(namespace: listener.namespace, port: listener.localPort)
      let position = positions[place] ?? queues.count
      if position == queues.count {
        positions[place] = position
        let key = PortKey(listener: listener, state: .established)
        queues.append(Queue(group: SocketGroup(port: key, service: -1)))
      }
      if queues[position].stretch == nil { queues[position].listeners = [] }
      if !queues[position].listeners.contains(listener) {
        queues[position].listeners.append(listener)
      }
      if stretch.fullSamples >= queues[position].stretch?.fullSamples ?? 0 {
        queues[position].stretch = stretch
      }
    }
    return queues
  }

  /// Each of a SO_REUSEPORT group has a queue of its own. What has waited for long can only be in
  /// one that has not been empty since.
  private static func stalled(_ group: [SocketRow], in inquiry: Inquiry) -> [SocketRow] {
    let census = inquiry.census
    let waiting = group.filter { $0.receiveQueue > 0 }
    guard group.count > 1, let longest = waiting.map(census.queues.samplesWaiting).max()
    else { return group }
    let samples = patience.seconds(inquiry.settings) / max(census.intervalSeconds, 0.1)
    return waiting.filter {
      Double(census.queues.samplesWaiting(for: $0)) >= min(samples, Double(longest))
    }
  }

  // MARK: The verdict

  private static func finding(of queue: Queue, in inquiry: Inquiry) -> Finding? {
    let settings = inquiry.settings
    let group = queue.group
    let trend = inquiry.trend(
      group, patienceSeconds: patience.seconds(settings)
    ) { waitsSince($0, in: inquiry.census) }
    guard trend.survivors > 0 || queue.stretch != nil else { return nil }
    let draft = FindingDraft(inquiry, rule: id, namespace: group.port.namespace)
    var finding = draft.finding(
      group, cause: .notAccepted, trend: trend, holders: draft.listeners(at: queue.listeners)
    ) { waitsSince($0, in: inquiry.census) }
    finding.localPort = group.port.port
    finding.sockets = max(group.members.count, queue.used)
    if let oldest = group.members.map({ waitsSince($0, in: inquiry.census) }).min() {
      finding.oldest = oldestAge(group.members, since: oldest, at: inquiry.census.now)
    }
    for (index, example) in finding.examples.enumerated() {
      guard let member = inquiry.census.connection(of: example.row) else { continue }
      finding.examples[index].age = oldestAge(
        [member], since: waitsSince(member, in: inquiry.census), at: inquiry.census.now)
    }
    describe(&finding, queue, trend, in: inquiry)
    // The ages prove it in one sample: nobody else could have let them wait.
    finding.doubts.removeAll { $0 == .oneLook || $0 == .someDrain || $0 == .watchedTooShort }
    let isFull =
      queue.stretch?.isStall(
        at: inquiry.census.now, patienceSeconds: patience.seconds(settings), settings) ?? false
    // A queue of 1 never holds more than two that have waited for long.
    let fewest = min(settings.fewestDefects, queue.limit.map { $0 + 1 } ?? .max)
    if isFull {
      finding.lifecycle = .firing
    } else if trend.survivors < fewest {
      finding.doubts.append(
        queue.stretch == nil && finding.sockets < fewest
          ? .fewSockets : inquiry.census.looks > 1 ? .watchedTooShort : .oneLook)
    } else if !trend.isDraining {
      finding.lifecycle = .firing
    }
    return finding
  }

  /// Exact where the one that has waited longest entered its state when it came.
  private static func oldestAge(
    _ members: [Connection], since oldest: BootInstant, at now: BootInstant
  ) -> Age {
    let isExact = members.contains {
      $0.state == .closeWait && $0.flags.contains(.sinceIsExact) && $0.stateSince == oldest
    }
    return Age(seconds: max(0, now.seconds(since: oldest)), bound: isExact ? .exact : .atLeast)
  }

  /// The queue against its limit, and what that means.
  private static func describe(
    _ finding: inout Finding, _ queue: Queue, _ trend: Trend, in inquiry: Inquiry
  ) {
    finding.evidence.append(.acceptQueue(used: queue.used, limit: queue.limit))
    // The queue bounds this, not the descriptors.
    finding.forecast = nil
    if let stretch = queue.stretch {
      describe(&finding, stretch, at: inquiry.census.now)
    }
    if let limit = queue.limit {
      var forecast = Forecast(resource: .acceptQueue, used: queue.used, limit: limit + 1)
      if queue.stretch != nil { forecast.used = max(forecast.used, limit + 1) }
      if let rate = finding.growth, forecast.used <= limit {
        forecast.take(rate, left: limit + 1 - queue.used)
      }
      finding.forecast = forecast
    }
    finding.severity = max(.warning, inquiry.settings.severity(of: finding.forecast))
    let census = inquiry.census
    let since = queue.stretch?.since ?? census.firstLookAt
    if let dropped = census.counters.increase(
      of: \.listenOverflows, in: finding.namespace,
      overSeconds: census.now.seconds(since: since) + 1),
      dropped.increase > 0
    {
      let isAlone = census.queues.isAlone(queue.listeners, in: finding.namespace, since: since)
      finding.evidence.append(
        .turnedAway(
          increase: dropped.increase, seconds: dropped.seconds, byThisAlone: isAlone))
    }
    if let place = OwnLimit.place(of: queue.listeners, queue.stretch, in: inquiry) {
      finding.root = Root(
        .ownLimit, place: place,
        process: finding.culprits.first { $0.role == .listener }?.process)
    }
  }

  /// A queue that is full grows no further, and who has left it is known by cookie alone.
  private static func describe(
    _ finding: inout Finding, _ stretch: QueueLog.Stretch, at now: BootInstant
  ) {
    finding.growth = nil
    finding.evidence.removeAll {
      if case .turnover = $0 { return true }
      if case .survivors(0, _) = $0 { return true }
      return false
    }
    // First: that it is full in every sample, and yet moves or does not, is the whole story.
    var proof: [Evidence] = [
      .queueFull(
        samples: stretch.fullSamples, seconds: now.seconds(since: stretch.since),
        most: stretch.most)
    ]
    if stretch.countedSeconds > 0 {
      proof.append(
        .leftQueue(
          count: stretch.left, seconds: stretch.countedSeconds, served: stretch.served))
    }
    finding.evidence.insert(contentsOf: proof, at: 0)
  }
}

extension Finding {
  /// Whether a full accept queue is accepted from, and too slowly; nil: not known, as it was not
  /// counted, or so few have left that their clients may have done it.
  package var queueMoves: Bool? {
    for case .leftQueue(let count, _, _) in evidence {
      return count >= QueueLog.Stretch.fewestMoved ? true : count == 0 ? false : nil
    }
    return nil
  }
}

/// Whether a server is at its own limit of clients or workers: it would accept, and may not.
private enum OwnLimit {
  /// The listener's end, if it is.
  ///
  /// - A queue of none, while most clients are answered: a server that is full calls
  ///   `listen(fd, 0)` (memcached at `-c`). One that has asked for no queue from the start, and is
  ///   stuck, owes answers.
  /// - The queue moves, so it does accept, and only as many as leave: all its workers are taken
  ///   all the time (php-fpm at `pm.max_children`, tinyproxy at `MaxClients`).
  /// - The queue stands still, and each of those that it has accepted before has a worker to
  ///   itself, which would accept and waits for its client instead (pgpool at `num_init_children`).
  ///   Where one process has them all, the thread that accepts may as well have died, unless it is
  ///   a proxy whose one loop does both (haproxy at `maxconn`). Where clients leave and nobody is
  ///   taken in their place, or are not answered, there are other troubles.
  static func place(
    of listeners: [SocketRow], _ stretch: QueueLog.Stretch?, in inquiry: Inquiry
  ) -> Endpoint? {
    guard let stretch, let listener = listeners.first else { return nil }
    let hasNoQueue = listeners.allSatisfy { $0.sendQueue == 0 }
    guard let served = stretch.served, served.lowerBound >= 1 else { return nil }
    if hasNoQueue {
      let accepted = accepted(at: listeners, in: inquiry.census)
      return 2 * accepted.count(where: \.owesAnswer) < accepted.count ? listener.local : nil
    }
    let moves = stretch.left >= QueueLog.Stretch.fewestMoved
    // One is between accept() and close() now and then, of many several.
    let mostApart = moves ? max(2, 1 + served.upperBound / 8) : 2
    guard served.count <= mostApart, stretch.fullSamples >= 3,
      moves || areAllWorkersTaken(at: listeners, in: inquiry)
        || isLoopAtWork(at: listeners, since: stretch.since, in: inquiry)
    else { return nil }
    return listener.local
  }

  /// Whether each connection that was accepted is the only one of a process that listens too, and
  /// most of these wait for their clients. The others that listen are its master and its helpers.
  private static func areAllWorkersTaken(
    at listeners: [SocketRow], in inquiry: Inquiry
  ) -> Bool {
    let census = inquiry.census
    let listening = processes(at: listeners, in: census)
    var taken: Set<Int32> = []
    var owing = 0
    for row in accepted(at: listeners, in: census) {
      let holders = Set(census.holders.holders(of: row.inode).map(\.process))
      guard holders.count == 1, let worker = holders.first, listening.contains(worker),
        taken.insert(worker).inserted
      else { return false }
      if row.owesAnswer { owing += 1 }
    }
    return taken.count >= 2 && 2 * taken.count > listening.count && 2 * owing < taken.count
  }

  /// Proxies that accept in the loop that serves.
  private static let loops: Set<ProcessRuntime> = [.haproxy, .nginx, .envoy]

  /// Whether most of the connections of such a proxy have been sent something since the queue was
  /// full, and lately: one that was full and hangs by now has other troubles.
  private static func isLoopAtWork(
    at listeners: [SocketRow], since full: BootInstant, in inquiry: Inquiry
  ) -> Bool {
    let census = inquiry.census
    guard
      processes(at: listeners, in: census).allSatisfy({ index in
        census.processes[index].map { loops.contains($0.runtime) } ?? false
      })
    else { return false }
    let lately = min(
      census.now.seconds(since: full), inquiry.settings.patience(for: .acceptQueueStall))
    let served = accepted(at: listeners, in: census)
    let answered = served.count { row in
      row.knowledge.contains(.tcpInfo) && Double(row.lastDataSentMilliseconds) / 1000 < lately
    }
    return 2 * answered > served.count
  }

  private static func processes(at listeners: [SocketRow], in census: Census) -> Set<Int32> {
    Set(listeners.flatMap { census.holders.holders(of: $0.inode).map(\.process) })
  }

  private static func accepted(at listeners: [SocketRow], in census: Census) -> [SocketRow] {
    census.sample.sockets.filter { row in
      [.established, .closeWait].contains(row.state) && row.inode != 0
        && listeners.contains { $0.localPort == row.localPort && $0.namespace == row.namespace }
    }
  }
}

extension SocketRow {
  /// Whether something came in that nothing has been sent for: true as well where the source does
  /// not tell.
  fileprivate var owesAnswer: Bool {
    guard knowledge.contains(.tcpInfo) else { return true }
    return receiveQueue > 0
      || bytesReceived > 0 && lastDataReceivedMilliseconds < lastDataSentMilliseconds
  }
}
