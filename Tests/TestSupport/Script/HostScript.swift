// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// A small host over time, written down as a story: processes, listeners, connections that enter
/// states at given seconds, leave, or die with their descriptors open. Looks at it are what a live
/// host would give.
///
///     var host = HostScript()
///     let api = host.start("api", pid: 100, unit: "api.service")
///     host.listen(8080, by: api)
///     host.add(.accepted(on: 8080, by: api).enters(.closeWait, at: 5, unread: 1))
package struct HostScript: Sendable {
  package static let own = NetnsID(rawValue: 4_026_531_840)
  package static let other = NetnsID(rawValue: 4_026_532_201)
  /// 192.0.2.1 and 198.51.100.7.
  package static let here = IPAddress(ipv4: 0xc000_0201)
  package static let elsewhere = IPAddress(ipv4: 0xc633_6407)
  /// Second 0 of the story, in seconds since boot.
  package static let startsAt = 10_000.0

  private struct Actor: Sendable {
    var record: ProcessRecord
    var from: Double
    var until: Double
    /// Descriptors that are no sockets of this story, at an instant.
    var files: @Sendable (Double) -> Int
  }

  private var actors: [Actor] = []
  private var sockets: [ScriptedSocket] = []
  package var namespaces = [NamespaceSample(id: own)]
  /// How many, at an instant, are in the accept queues of each port that are not empty and were
  /// reset by their clients: in no table, and in the queue.
  package var resetInQueues: @Sendable (Double) -> Int = { _ in 0 }
  /// What the counters of every namespace say at an instant.
  package var counters: @Sendable (Double) -> TCPCounters = { _ in TCPCounters() }
  /// What the kernel has counted of connects at an instant; nil: it does not count.
  package var connects: (@Sendable (Double) -> [ConnectCount])?
  /// Connects that it has lost since it began to count, at second 0.
  package var lostConnects: @Sendable (Double) -> Int = { _ in 0 }
  /// The kernel does not count these seconds into ages.
  package var sleeps: [ClosedRange<Double>] = []
  /// Processes whose descriptors can't be read.
  package var unreadable: Set<Int32> = []
  /// The processes that a signal has stopped.
  package var stopped: Set<Int32> = []
  /// Searches for holders do not finish.
  package var isShortOfTime = false
  package var states = StateSet.all
  /// Gaps of every look.
  package var gaps: [Gap] = []
  /// How many dead sockets a search finds before it is cut short, at a second.
  package var mostDeadSockets: @Sendable (Double) -> Int = { _ in .max }
  /// How far the wall clock is off.
  package var wallClockError = 0.0

  package init() { namespaces[0].isOwn = true }

  /// Starts a process, and gives its pid.
  @discardableResult
  package mutating func start(
    _ command: String, pid: Int32, parent: Int32 = 1, executable: String? = nil,
    unit: String? = nil, container: String? = nil, limit: UInt64 = 1024, from: Double = 0,
    until: Double = .infinity, runtime: ProcessRuntime = .unknown,
    files: @escaping @Sendable (Double) -> Int = { _ in 12 }
  ) -> Int32 {
    let ticks = UInt64((Self.startsAt + from) * 100)
    var record = ProcessRecord(id: ProcessID(pid: pid, startTicks: ticks))
    record.parent = parent
    record.command = command
    record.executable = executable ?? "/usr/bin/\(command)"
    record.unit = unit
    record.runtime = runtime
    record.container = container
    record.namespace = Self.own
    record.descriptorSoftLimit = limit
    record.descriptorHardLimit = 524_288
    actors.append(Actor(record: record, from: from, until: until, files: files))
    return pid
  }

  /// A process listens on every address.
  package mutating func listen(
    _ port: UInt16, by pids: Int32..., queueLimit: UInt32 = 128, in namespace: NetnsID = own
  ) {
    listen(port, by: pids, queueLimit: queueLimit, in: namespace)
  }

  package mutating func listen(
    _ port: UInt16, by pids: [Int32], queueLimit: UInt32 = 128, in namespace: NetnsID = own
  ) {
    let any = Endpoint(.anyIPv4, port)
    var listener = ScriptedSocket.between(any, Endpoint(.anyIPv4, 0), by: nil)
      .enters(.listen, at: 0).in(namespace)
    listener.queueLimit = queueLimit
    for pid in pids { listener = listener.isHeld(by: pid, fd: 3) }
    add(listener)
  }

  /// Adds a socket, and numbers what it leaves open: ports that are 0, inode, cookie.
  package mutating func add(_ socket: ScriptedSocket) {
    var socket = socket
    let number = UInt64(sockets.count + 1)
    let free = UInt16(40_000 + number % 20_000)
    let isListener = socket.phases.first?.state == .listen
    if socket.local.port == 0 { socket.local.port = free }
    if socket.remote.port == 0, !isListener { socket.remote.port = free }
    if socket.inode == 0 { socket.inode = 70_000 + number }
    if socket.cookie == 0 { socket.cookie = number }
    sockets.append(socket)
  }

  /// Adds the same socket at several seconds.
  package mutating func add(
    at seconds: some Sequence<Double>, _ socket: (Double) -> ScriptedSocket
  ) {
    for second in seconds { add(socket(second)) }
  }

  package static func instant(_ second: Double) -> BootInstant {
    BootInstant(nanoseconds: Int64(startsAt) * 1_000_000_000 + Int64((second * 1e9).rounded()))
  }

  // MARK: What a look gives

  package func sample(at second: Double) -> Sample {
    var sample = Sample(
      takenAt: Self.instant(second), wallClockSeconds: 1_700_000_000 + second + wallClockError,
      states: states)
    sample.gaps = gaps
    if let connects {
      sample.connects = connects(second)
      sample.connectTally.since = Self.instant(0)
      sample.connectTally.lost = lostConnects(second)
    }
    sample.namespaces = namespaces.map { namespace in
      var namespace = namespace
      namespace.counters = counters(second)
      return namespace
    }
    let rows = sockets.compactMap { $0.row(at: second, awake: awake) }
    let known = Set(namespaces.map(\.id))
    for var row in rows where known.contains(row.namespace) && states.contains(row.state) {
      if row.state == .listen, row.receiveQueue > 0 {
        let waiting =
          rows.count {
            $0.isUnaccepted && $0.localPort == row.localPort && $0.namespace == row.namespace
          } + resetInQueues(second)
        // Those of a SO_REUSEPORT group share them.
        let group = rows.filter {
          $0.state == .listen && $0.receiveQueue > 0 && $0.local == row.local
            && $0.namespace == row.namespace
        }
        let place = group.firstIndex { $0.inode == row.inode } ?? 0
        row.receiveQueue = UInt32((waiting + group.count - 1 - place) / group.count)
      }
      if namespaces.contains(where: { $0.id == row.namespace && $0.source == .procNetTCP }) {
        row = Self.asProcShowsIt(row)
      }
      sample.sockets.append(row)
    }
    return sample
  }

  private func awake(from start: Double, to end: Double) -> Double {
    let asleep = sleeps.reduce(0) { total, sleep in
      total + max(0, min(end, sleep.upperBound) - max(start, sleep.lowerBound))
    }
    return max(0, end - start - asleep)
  }

  /// `/proc/net/tcp` has no cookie, no `tcp_info` and no limit of the accept queue.
  private static func asProcShowsIt(_ row: SocketRow) -> SocketRow {
    var row = row
    row.cookie = 0
    row.knowledge = []
    (row.bytesAcked, row.bytesReceived, row.cgroupID) = (0, 0, 0)
    row.lastAckReceivedMilliseconds = 0
    row.lastDataSentMilliseconds = 0
    row.lastDataReceivedMilliseconds = 0
    if row.state == .listen { row.sendQueue = 0 }
    return row
  }

  package func report(to search: HolderSearch, at second: Double) -> HolderReport {
    var report = HolderReport()
    let living = actors.filter { $0.from <= second && second < $0.until }
    let ids = Dictionary(
      living.map { ($0.record.id.pid, $0.record.id) }, uniquingKeysWith: { _, newer in newer })
    report.isComplete = unreadable.isEmpty
    if !unreadable.isEmpty {
      report.gaps = [Gap(.descriptorsUnreadable, count: unreadable.count, detail: "EACCES")]
    }
    var shown = Set(search.records)
    let family = search.ancestor.map { descendants(of: $0, living) }
    if let family {
      report.descendants = family.count
      report.unreadable = living.map(\.record).filter {
        family.contains($0.id.pid) && unreadable.contains($0.id.pid)
      }
    }
    for socket in sockets {
      let isDead = socket.rowEnds <= second
      for hold in socket.holds(at: second) where !unreadable.contains(hold.pid) {
        guard let id = ids[hold.pid], family?.contains(hold.pid) ?? true else { continue }
        let fd = hold.fd ?? Int32(10 + socket.inode % 1_000_000)
        if isDead, search.deadSockets.includes(hold.pid) {
          report.deadSockets.append(DeadDescriptor(inode: socket.inode, process: id, fd: fd))
          shown.insert(hold.pid)
        } else if !isDead, search.inodes.contains(socket.inode) {
          report.holders.append(SocketHolder(inode: socket.inode, process: id, fd: fd))
          shown.insert(hold.pid)
        }
      }
    }
    if report.deadSockets.count > mostDeadSockets(second) {
      report.deadSockets.removeLast(report.deadSockets.count - mostDeadSockets(second))
      report.gaps.append(Gap(.boundReached, count: 1, detail: "dead sockets"))
    }
    for pid in shown { if let id = ids[pid] { shown.formUnion(ancestors(of: id, living)) } }
    report.processes = living.filter { shown.contains($0.record.id.pid) }.map { actor in
      var record = actor.record
      record.isStopped = stopped.contains(record.id.pid)
      let held = sockets.count { socket in
        socket.holds(at: second).contains { $0.pid == record.id.pid }
      }
      record.descriptorCount = actor.files(second) + held
      return record
    }
    return report
  }

  private func descendants(of pid: Int32, _ living: [Actor]) -> Set<Int32> {
    let children = living.map(\.record).filter { $0.parent == pid }.map(\.id.pid)
    return children.reduce(Set(children)) { $0.union(descendants(of: $1, living)) }
  }

  private func ancestors(of id: ProcessID, _ living: [Actor]) -> [Int32] {
    living.filter { $0.record.id == id }.map(\.record.parent)
  }
}

extension HolderSearch.DeadSockets {
  fileprivate func includes(_ pid: Int32) -> Bool {
    switch self {
    case .none: false
    case .of(let pids): pids.contains(pid)
    case .everywhere: true
    }
  }
}
