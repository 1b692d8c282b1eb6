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
  private var inodeOwners: [UInt64: [Int32]] = [:]
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
    let from = now
    now += seconds
    for activity in activities {
      activity.advance(from: from, to: now, in: self)
      activity.sockets.removeAll { $0.isOver(at: now) }
    }
  }

  /// Lets time pass in which everything stands still, the kernel's ages too.
  package func suspend(_ seconds: Double) { suspendedSeconds += seconds }

  package func jumpWallClock(_ seconds: Double) { wallClockJump += seconds }

  // MARK: Answers

  package func answer(_ request: HostRequest) -> HostAnswer {
    switch request.question {
    case .sample: .sample(look())
    case .holders(let search): .holders(answer(search))
    }
  }

  private func look() -> Sample {
    let boot = BootInstant(seconds: now + suspendedSeconds)
    var sample = Sample(
      takenAt: boot, wallClockSeconds: 1_700_000_000 + boot.seconds + wallClockJump, states: .all)
    inodeOwners.removeAll(keepingCapacity: true)
    var namespaces: Set<NetnsID> = [Self.ownNamespace]
    for activity in activities where activity.isThere {
      namespaces.insert(activity.namespace)
      sample.sockets.append(contentsOf: activity.listenerRows(at: now))
      for (index, process) in activity.listeners.enumerated() {
        inodeOwners[activity.listenerInode(index)] = [Int32(process)]
      }
      for socket in activity.sockets {
        guard let row = socket.row(at: now) else { continue }
        sample.sockets.append(row)
        if row.inode != 0, socket.process >= 0 {
          inodeOwners[row.inode] = [Int32(socket.process)]
        }
      }
    }
    sample.namespaces = namespaces.sorted().map { id in
      var namespace = NamespaceSample(id: id)
      namespace.isOwn = id == Self.ownNamespace
      namespace.settings.areRead = true
      namespace.counters.activeOpens = opens[id] ?? 0
      namespace.counters.passiveOpens = opens[id] ?? 0
      namespace.counters.timeWaitOverflow = 0
      namespace.counters.listenOverflows = overflows[id] ?? 0
      return namespace
    }
    return sample
  }

  private func answer(_ search: HolderSearch) -> HolderReport {
    var report = HolderReport()
    report.isComplete = true
    var wanted = Set<Int>()
    for inode in search.inodes.sorted() {
      for owner in inodeOwners[inode] ?? [] {
        let process = processes[Int(owner)].record.id
        report.holders.append(
          SocketHolder(inode: inode, process: process, fd: Int32(truncatingIfNeeded: inode % 4096)))
        wanted.insert(Int(owner))
      }
    }
    let descriptors = openDescriptors(&report, search.deadSockets, &wanted)
    let records = Set(search.records)
    for (index, process) in processes.enumerated()
    where wanted.contains(index) || records.contains(process.record.id.pid) {
      var record = process.record
      record.descriptorCount = process.otherDescriptors + descriptors[index]
      report.processes.append(record)
      guard let parent = processes.first(where: { $0.record.id.pid == record.parent }),
        !report.processes.contains(where: { $0.id == parent.record.id })
      else { continue }
      report.processes.append(parent.record)
    }
    return report
  }

  private func openDescriptors(
    _ report: inout HolderReport, _ deadSockets: HolderSearch.DeadSockets, _ wanted: inout Set<Int>
  ) -> [Int] {
    var descriptors = [Int](repeating: 0, count: processes.count)
    for activity in activities where activity.isThere {
      for process in activity.listeners { descriptors[process] += 1 }
      for socket in activity.sockets where socket.process >= 0 {
        guard socket.isOpen(at: now) else { continue }
        descriptors[socket.process] += 1
        guard socket.isDead(at: now) else { continue }
        let id = processes[socket.process].record.id
        switch deadSockets {
        case .none: continue
        case .of(let pids) where !pids.contains(id.pid): continue
        default:
          wanted.insert(socket.process)
          report.deadSockets.append(
            DeadDescriptor(
              inode: socket.inode, process: id, fd: Int32(socket.inode % 4096)))
        }
      }
    }
    return descriptors
  }
}
