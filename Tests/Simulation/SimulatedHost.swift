// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// A process of a simulated host. Its number in the host stays when it is restarted; its identity
/// does not.
package struct SimulatedProcess: Sendable {
  var record: ProcessRecord
  /// Descriptors on other things than the sockets here: files, logs, epoll.
  var otherDescriptors: Int
  var isRunning = true
}

/// A host that exists only as numbers: processes, what they do with sockets, and a kernel that
/// answers as the real one would.
package final class SimulatedHost: Host {
  package private(set) var processes: [SimulatedProcess] = []
  package private(set) var activities: [Activity] = []
  /// Kernel time, which stands still while suspended.
  package private(set) var now = 100_000.0
  private var suspendedSeconds = 0.0
  private var wallClockJump = 0.0
  var random: Randomness
  private var lastNumber: UInt64 = 0
  private var lastPID: Int32 = 300
  private var lastPort: UInt16 = 2000
  /// As of the newest look.
  private var open = OpenDescriptors(processes: 0)
  /// Connections made since boot by namespace: what share of them ends badly depends on it.
  var opens: [NetnsID: UInt64] = [:]
  /// Connections turned away by a full accept queue, by namespace.
  var overflows: [NetnsID: UInt64] = [:]
  package static let ownNamespace = NetnsID(rawValue: 4_026_531_840)

  package init(seed: UInt64) { random = Randomness(seed: seed) }

  // MARK: Making

  func newNumber() -> UInt64 {
    lastNumber += 1
    return lastNumber
  }

  func newPort() -> UInt16 {
    lastPort += 1
    return lastPort
  }

  package func add(_ activity: Activity) { activities.append(activity) }

  /// Starts a process. Those with one parent and one name are one program that has forked.
  func start(
    _ name: String, parent: Int? = nil, limit: UInt64 = 65536, isUnit: Bool = true,
    otherDescriptors: Int = 20
  ) -> Int {
    lastPID += 1
    var record = ProcessRecord(id: ProcessID(pid: lastPID, startTicks: UInt64(now * 100)))
    record.parent = parent.map { processes[$0].record.id.pid } ?? 1
    record.command = String(name.prefix(15))
    record.executable = "/usr/bin/\(name)"
    record.unit = isUnit ? "\(name).service" : nil
    record.namespace = Self.ownNamespace
    record.descriptorSoftLimit = limit
    processes.append(SimulatedProcess(record: record, otherDescriptors: otherDescriptors))
    return processes.count - 1
  }

  /// Ends a process with all that it holds, and starts its program again, half of the time under
  /// the pid of another that has ended before.
  func restart(_ process: Int) {
    for activity in activities { activity.processEnded(process, at: now) }
    if random.chance(0.5) {
      lastPID += 1
      processes[process].record.id.pid = lastPID
    }
    processes[process].record.id.startTicks = UInt64(now * 100)
  }

  /// A process has so many descriptors on other things than the sockets here.
  func openFiles(_ count: Int, in process: Int) {
    processes[process].otherDescriptors = count
  }

  // MARK: Time

  /// Lets time pass in which everything goes on.
  package func pass(_ seconds: Double) {
    let end = now + seconds
    // Not in one go: a pool that nobody looks at is used all the same.
    while now + Self.longestStep < end { step(to: now + Self.longestStep) }
    step(to: end)
  }

  private static let longestStep = 60.0

  private func step(to end: Double) {
    let from = now
    now = end
    for activity in activities {
      activity.advance(from: from, to: now, in: self)
      let end = now
      activity.sockets.removeAll { $0.isOver(at: end) }
    }
  }

  /// Lets time pass in which everything stands still, the kernel's ages too.
  package func suspend(_ seconds: Double) { suspendedSeconds += seconds }

  package func jumpWallClock(_ seconds: Double) { wallClockJump += seconds }

  // MARK: Answers

  package func answer(_ request: HostRequest) -> HostAnswer {
    switch request.question {
    case .sample(let question): .sample(look(question.states))
    case .holders(let search): .holders(answer(search))
    }
  }

  /// The boot clock: it goes on while the host is suspended.
  package var bootNow: BootInstant { BootInstant(seconds: now + suspendedSeconds) }

  private func look(_ states: StateSet) -> Sample {
    var sample = Sample(
      takenAt: bootNow, wallClockSeconds: 1_700_000_000 + bootNow.seconds + wallClockJump,
      states: states)
    sample.sockets.reserveCapacity(activities.reduce(0) { $0 + $1.sockets.count + 1 })
    var counts: [NetnsID: SockStat] = [Self.ownNamespace: SockStat()]
    open = OpenDescriptors(processes: processes.count)
    for activity in activities where activity.isThere {
      var count = counts[activity.namespace] ?? SockStat()
      let listeners = activity.listenerRows(at: now)
      sample.sockets.append(contentsOf: listeners)
      count.inUse += listeners.count
      for process in activity.listeners { open.counts[process] += 1 }
      for index in activity.sockets.indices {
        guard let phase = activity.sockets[index].phase(at: now) else {
          open.addDead(activity.sockets[index], at: now)
          continue
        }
        if !phase.isOrphan { open.add(activity.sockets[index].process) }
        if phase.state == .timeWait { count.timeWait += 1 } else { count.inUse += 1 }
        if !states.leavesOut(phase.state) {
          sample.sockets.append(activity.sockets[index].row(phase, at: now))
        }
      }
      counts[activity.namespace] = count
    }
    let inUse = counts.values.reduce(0) { $0 + $1.inUse }
    counts[Self.ownNamespace]?.allocated = inUse + open.dead.count
    sample.namespaces = counts.keys.sorted().map { namespace($0, counts[$0] ?? SockStat()) }
    return sample
  }

  private func namespace(_ id: NetnsID, _ count: SockStat) -> NamespaceSample {
    var namespace = NamespaceSample(id: id)
    namespace.isOwn = id == Self.ownNamespace
    namespace.sockstat = count
    namespace.settings.areRead = true
    namespace.counters.activeOpens = opens[id] ?? 0
    namespace.counters.passiveOpens = opens[id] ?? 0
    namespace.counters.timeWaitOverflow = 0
    namespace.counters.listenOverflows = overflows[id] ?? 0
    return namespace
  }

  private func answer(_ search: HolderSearch) -> HolderReport {
    var report = HolderReport()
    report.isComplete = true
    var wanted = [Bool](repeating: false, count: processes.count)
    for inode in search.inodes.sorted() {
      guard let owner = owner(of: inode) else { continue }
      report.holders.append(
        SocketHolder(
          inode: inode, process: processes[owner].record.id,
          fd: Int32(truncatingIfNeeded: inode % 4096)))
      wanted[owner] = true
    }
    answer(&report, search.deadSockets, &wanted)
    let records = Set(search.records)
    for index in processes.indices
    where wanted[index] || records.contains(processes[index].record.id.pid) {
      var record = processes[index].record
      record.descriptorCount = processes[index].otherDescriptors + open.counts[index]
      report.processes.append(record)
      guard let parent = processes.first(where: { $0.record.id.pid == record.parent }),
        !report.processes.contains(where: { $0.id == parent.record.id })
      else { continue }
      report.processes.append(parent.record)
    }
    return report
  }

  /// The process that holds what a look now shows under an inode.
  private func owner(of inode: UInt64) -> Int? {
    for activity in activities where activity.isThere {
      if activity.isInbound, inode == activity.listenerInode(0) { return activity.listeners.last }
      guard let position = activity.position(of: inode &- SimulatedSocket.firstInode)
      else { continue }
      let socket = activity.sockets[position]
      let isHeld = socket.process >= 0 && socket.phase(at: now).map { !$0.isOrphan } ?? false
      return isHeld ? socket.process : nil
    }
    return nil
  }

  private func answer(
    _ report: inout HolderReport, _ deadSockets: HolderSearch.DeadSockets, _ wanted: inout [Bool]
  ) {
    for socket in open.dead {
      let id = processes[socket.process].record.id
      switch deadSockets {
      case .none: continue
      case .of(let pids) where !pids.contains(id.pid): continue
      default:
        wanted[socket.process] = true
        report.deadSockets.append(
          DeadDescriptor(inode: socket.inode, process: id, fd: Int32(socket.inode % 4096)))
      }
    }
  }
}

/// The descriptors that processes have on simulated sockets, counted with the look.
private struct OpenDescriptors {
  /// By process.
  var counts: [Int]
  /// Those whose connection is dead.
  private(set) var dead: [(inode: UInt64, process: Int)] = []

  init(processes: Int) { counts = [Int](repeating: 0, count: processes) }

  /// One on a connection that has a row.
  mutating func add(_ process: Int) {
    if process >= 0 { counts[process] += 1 }
  }

  /// One on a connection without a row, if it is dead.
  mutating func addDead(_ socket: SimulatedSocket, at now: Double) {
    guard socket.process >= 0, socket.isDead(at: now) else { return }
    counts[socket.process] += 1
    dead.append((socket.inode, socket.process))
  }
}
