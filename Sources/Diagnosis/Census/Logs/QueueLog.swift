// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// The accept queues and SYN queues of listeners over time: which have been full, for how long, and
/// whether they move. One sample cannot tell a full second from a full hour.
package struct QueueLog: Sendable {
  /// An accept queue that was full, or nearly so, in sample after sample.
  package struct Stretch: Sendable {
    /// The first sample that showed it full.
    package fileprivate(set) var since: BootInstant
    /// How many samples showed it beyond its limit.
    package fileprivate(set) var fullSamples = 0
    /// The most that were seen in it.
    package fileprivate(set) var most = 0
    /// Connections that were in it and have left it since, by their identity, and the time in which
    /// they were counted. At least so many: what comes and goes between two samples is not seen.
    /// When nobody has left for long, the count starts again from the last who did: however it
    /// moved before, the queue stands now.
    package fileprivate(set) var left = 0
    package fileprivate(set) var countedSeconds = 0.0
    /// The fewest and the most accepted connections of its listener in that time; nil: not read.
    package fileprivate(set) var served: ClosedRange<Int>?
    fileprivate var seenAt: BootInstant
    fileprivate var waiting: Set<SocketID> = []
    /// How many are in the queue that no table shows.
    fileprivate var reset = 0
    fileprivate var countedAt: BootInstant?
    /// When somebody was last seen to have left.
    fileprivate var movedAt: BootInstant?

    /// So many that have left a queue are no chance: it is accepted from.
    package static let fewestMoved = 3
    /// A queue that nobody has left for so long stands, however it moved before.
    fileprivate static let standsAfterSeconds = RuleSettings().patienceSeconds

    /// Whether it has been full for so long that a client gives up.
    func isStall(
      at now: BootInstant, patienceSeconds: Double, _ settings: RuleSettings
    ) -> Bool {
      fullSamples >= settings.fewestSamples
        && now.seconds(since: since) >= min(patienceSeconds / 2, settings.queueFullSeconds)
    }
  }

  /// A SYN queue of which half or more was taken, in sample after sample, by handshakes that had to
  /// be answered again.
  ///
  /// From half on the kernel gives up the older ones early to make room
  /// (`reqsk_timer_handler()`): none of them grows old, however long it stands.
  package struct Pressure: Sendable {
    package fileprivate(set) var since: BootInstant
    package fileprivate(set) var samples = 0
    /// In the newest sample.
    package fileprivate(set) var used = 0
    package fileprivate(set) var limit = 0

    func isStanding(at now: BootInstant, _ settings: RuleSettings) -> Bool {
      samples >= settings.fewestSamples && now.seconds(since: since) >= settings.synQueueSeconds
    }
  }

  private struct Port: Hashable {
    var namespace: NetnsID
    var port: UInt16
  }

  /// What the listeners of a SO_REUSEPORT group have in common.
  private struct Place: Hashable {
    var namespace: NetnsID
    var local: Endpoint

    init(_ listener: SocketRow) {
      namespace = listener.namespace
      local = listener.local
    }
  }

  private var stretches: [SocketID: Stretch] = [:]
  private var pressures: [Port: Pressure] = [:]
  /// Samples in a row in which something waited, by listener.
  private var waits: [SocketID: Int] = [:]
  /// When each listener's queue was last seen full.
  private var lastFull: [SocketID: BootInstant] = [:]

  package init() {}

  /// How long the queue of a listener has been full by now; nil when it is not.
  package func stretch(of listener: SocketRow) -> Stretch? { stretches[SocketID(listener)] }

  /// The standing half of the SYN queue of a port.
  package func pressure(on port: PortKey) -> Pressure? {
    pressures[Port(namespace: port.namespace, port: port.port)]
  }

  /// In how many of the newest samples, without a break, something waited for a listener.
  package func samplesWaiting(for listener: SocketRow) -> Int { waits[SocketID(listener)] ?? 0 }

  /// Whether these listeners alone can have turned connections away since then: they were seen
  /// full, and no other one of their namespace was.
  package func isAlone(
    _ listeners: [SocketRow], in namespace: NetnsID, since instant: BootInstant
  ) -> Bool {
    let own = Set(listeners.map { SocketID($0) })
    let full = lastFull.filter { $0.key.namespace == namespace && $0.value >= instant }.keys
    return !full.isEmpty && full.allSatisfy(own.contains)
  }

  mutating func record(_ sample: Sample, _ index: ListenerIndex) {
    recordStretches(sample, index)
    recordTraffic(sample, index)
    recordPressure(sample, index)
  }

  // MARK: Accept queues

  private mutating func recordStretches(_ sample: Sample, _ index: ListenerIndex) {
    let now = sample.takenAt
    let read = Set(sample.namespaces.map(\.id))
    let someUnread = sample.gaps.contains { $0.kind == .namespaceNotRead }
    // Not seen is not gone: what was not read stays as it was, for a while.
    var next = stretches.filter {
      someUnread && !read.contains($0.key.namespace)
        && now.seconds(since: $0.value.seenAt) < Census.unreadKeptSeconds
    }
    var nextWaits: [SocketID: Int] = [:]
    for position in index.all {
      let row = sample.sockets[Int(position)]
      guard row.receiveQueue > 0 else { continue }
      let id = SocketID(row)
      nextWaits[id] = (waits[id] ?? 0) + 1
      guard row.knowledge.contains(.acceptQueueLimit) else { continue }
      let isFull = row.receiveQueue > row.sendQueue
      // One was accepted, and the next has not completed its handshake yet.
      let isNearlyFull = 8 * UInt64(row.receiveQueue) > 7 * UInt64(row.sendQueue)
      if isFull { lastFull[id] = now }
      guard isFull || (isNearlyFull && stretches[id] != nil) else { continue }
      var stretch = stretches[id] ?? Stretch(since: now, seenAt: now)
      stretch.seenAt = now
      if isFull { stretch.fullSamples += 1 }
      stretch.most = max(stretch.most, Int(row.receiveQueue))
      next[id] = stretch
    }
    stretches = next
    waits = nextWaits
    if lastFull.count > Self.mostFull {
      let newest = lastFull.sorted { ($1.value, $0.key.key) < ($0.value, $1.key.key) }
      lastFull = Dictionary(uniqueKeysWithValues: newest.prefix(Self.mostFull / 2).map { $0 })
    }
  }

  /// Of so many queues it is remembered when they were full.
  private static let mostFull = 1024

  /// Counts who has left each full queue, and who is being served beside it.
  private mutating func recordTraffic(_ sample: Sample, _ index: ListenerIndex) {
    guard !stretches.isEmpty, sample.states.contains(.established),
      sample.states.contains(.closeWait)
    else { return }
    var waiting: [SocketID: Set<SocketID>] = [:]
    var served: [SocketID: Int] = [:]
    let full = index.all.map { sample.sockets[Int($0)] }.filter { stretches[SocketID($0)] != nil }
    let ports = Set(full.map { Port(namespace: $0.namespace, port: $0.localPort) })
    for row in sample.sockets where row.state == .established || row.state == .closeWait {
      guard ports.contains(Port(namespace: row.namespace, port: row.localPort)) else { continue }
      for position in index.listeners(of: row, in: sample.sockets) {
        let listener = SocketID(sample.sockets[Int(position)])
        guard stretches[listener] != nil else { continue }
        if row.isUnaccepted {
          waiting[listener, default: []].insert(SocketID(row))
        } else {
          served[listener, default: 0] += 1
        }
      }
    }
    // Who waits for one of a SO_REUSEPORT group is not known to wait for which: the rows are of
    // all, and so must be what is in the queues.
    var queued: [Place: Int] = [:]
    for position in index.all {
      let listener = sample.sockets[Int(position)]
      queued[Place(listener), default: 0] += Int(listener.receiveQueue)
    }
    let read = Set(sample.namespaces.map(\.id))
    for listener in full where read.contains(listener.namespace) {
      let id = SocketID(listener)
      stretches[id]?.count(
        waiting[id] ?? [], queued: queued[Place(listener)] ?? 0, served: served[id] ?? 0,
        at: sample.takenAt)
    }
  }

  // MARK: SYN queues

  private mutating func recordPressure(_ sample: Sample, _ index: ListenerIndex) {
    var counts: [Port: (used: Int, repeated: Int)] = [:]
    for row in sample.sockets where row.state == .synRecv {
      let port = Port(namespace: row.namespace, port: row.localPort)
      counts[port, default: (0, 0)].used += 1
      if row.retransmits > 0 { counts[port, default: (0, 0)].repeated += 1 }
    }
    var next: [Port: Pressure] = [:]
    var limits: [Port: Int] = [:]
    for position in index.all where !counts.isEmpty {
      let row = sample.sockets[Int(position)]
      guard row.knowledge.contains(.acceptQueueLimit) else { continue }
      limits[Port(namespace: row.namespace, port: row.localPort), default: 0] += Int(row.sendQueue)
    }
    for (port, count) in counts {
      // On a busy host many handshakes are under way at any moment; few had to be answered again.
      guard let limit = limits[port], limit > 0, 2 * count.used > limit,
        2 * count.repeated > count.used
      else { continue }
      var pressure = pressures[port] ?? Pressure(since: sample.takenAt)
      pressure.samples += 1
      (pressure.used, pressure.limit) = (count.used, limit)
      next[port] = pressure
    }
    pressures = next
  }
}

extension QueueLog.Stretch {
  fileprivate mutating func count(
    _ now: Set<SocketID>, queued: Int, served: Int, at instant: BootInstant
  ) {
    // Who is reset by its client goes from the table, and stays in the queue until it is accepted.
    let reset = max(0, queued - now.count)
    if let countedAt {
      let gone = max(0, waiting.subtracting(now).count - max(0, reset - self.reset))
      left += gone
      countedSeconds += instant.seconds(since: countedAt)
      if gone > 0 { movedAt = instant }
    }
    if let movedAt, instant.seconds(since: movedAt) >= Self.standsAfterSeconds {
      (left, self.served, self.movedAt) = (0, nil, nil)
      countedSeconds = instant.seconds(since: movedAt)
    }
    let range = self.served ?? served...served
    self.served = min(range.lowerBound, served)...max(range.upperBound, served)
    (waiting, self.reset, countedAt) = (now, reset, instant)
  }
}
