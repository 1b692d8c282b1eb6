// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables

/// One search in progress: what is wanted, what was found, what it cost.
struct HolderLook: ~Copyable {
  let search: HolderSearch
  let sample: Sample
  let procRoot: String
  var reader: ProcessReader
  var scan: DescriptorScan
  var report = HolderReport()
  var gaps = GapTally()
  /// In search order. Read once, and only when descriptor tables have to be.
  var list = ProcessList()
  /// Processes that were identified, by pid.
  var records: [Int32: ProcessRecord] = [:]
  /// Those of them that are as an earlier search has read them.
  private(set) var retold: Set<Int32> = []
  /// Descriptors on sockets in no row, by process, where they are of interest.
  var strangers: [(pid: Int32, reference: DescriptorScan.Reference)] = []
  private let strangersMost: Int
  /// Every io_uring seen.
  var rings: [(pid: Int32, fd: Int32)] = []
  /// Processes whose table was read to its end.
  var examined: Set<Int32> = []
  /// Processes that a complete search would have had to look at, and did not.
  var skipped = 0
  private let deadSocketPIDs: Set<Int32>
  /// Asks a socket itself whether it is dead: tests put in what other kernels answer.
  let prove: @Sendable (DeadDescriptor) -> DescriptorProof
  private var didRevalidate = false
  private var needsTables = false

  init(
    _ search: HolderSearch, sample: Sample, inodes rowInodes: [UInt64], procRoot: String,
    bounds: HolderFinder.Bounds, reader: ProcessReader,
    prove: @escaping @Sendable (DeadDescriptor) -> DescriptorProof = { DescriptorProof($0) }
  ) {
    self.prove = prove
    self.search = search
    self.sample = sample
    self.procRoot = procRoot
    self.reader = reader
    strangersMost = bounds.strangers
    var inodes = InodeTable(capacity: max(rowInodes.count, search.inodes.count))
    if search.wantsEverySocket {
      for inode in rowInodes { inodes.want(inode) }
    } else {
      for inode in rowInodes { inodes.insert(inode) }
    }
    for inode in search.inodes { inodes.want(inode) }
    scan = DescriptorScan(
      inodes: inodes,
      budget: ScanBudget(entries: bounds.descriptors, milliseconds: bounds.milliseconds))
    if case .of(let pids) = search.deadSockets {
      deadSocketPIDs = Set(pids)
    } else {
      deadSocketPIDs = []
    }
  }

  /// Whether dead sockets are looked for in a process.
  func seeksDeadSockets(in pid: Int32) -> Bool {
    switch search.deadSockets {
    case .none: false
    case .of: deadSocketPIDs.contains(pid)
    case .everywhere: true
    }
  }

  /// Whether wanted sockets are still without a holder.
  var isUnresolved: Bool { scan.inodes.unresolved > 0 }

  /// Step 1: asks where a socket was found before. Only for searches that stop at one holder.
  mutating func revalidate(_ memory: borrowing HolderMemory) {
    var byProcess: [ProcessID: [SocketHolder]] = [:]
    for inode in search.inodes {
      if let holder = memory[inode] { byProcess[holder.process, default: []].append(holder) }
    }
    for (process, holders) in byProcess.sorted(by: { $0.key < $1.key }) {
      if reader.avoided.covers(.descriptors, process.pid, &gaps) { continue }
      guard let directory = try? ProcessDirectory(procRoot: procRoot, pid: process.pid) else {
        continue
      }
      EyeStep.descriptors.begin(on: process.pid, of: try? directory.owner())
      guard let stat = directory.identify(&gaps), stat.startTicks == process.startTicks
      else { continue }
      var found: [SocketHolder] = []
      for holder in holders.sorted(by: { $0.fd < $1.fd }) {
        guard let target = try? directory.readLink("fd/\(holder.fd)"),
          target.withUnsafeBytes({ SocketLink.inode($0.bytes) }) == holder.inode
        else { continue }
        found.append(holder)
        scan.inodes.settle(holder.inode)
      }
      if found.isEmpty { continue }
      report.holders += found
      didRevalidate = true
      keepRecord(directory, stat: stat, counted: nil)
    }
  }

  /// Step 2: reads descriptor tables until the search is satisfied.
  mutating func searchProcesses() {
    let wantsAll =
      search.deadSockets == .everywhere
      || (search.completeness == .everyHolder && isUnresolved)
    guard isUnresolved || search.deadSockets != .none else {
      ProcessList.noteHidden(procRoot: procRoot, &gaps)
      return
    }
    needsTables = true
    list = ProcessList(
      procRoot: procRoot, likely: search.likely, ancestor: search.ancestor,
      besides: search.helpers, scan: &scan, gaps: &gaps)
    if search.ancestor != nil { report.descendants = list.entries.count }
    report.holders.reserveCapacity(scan.inodes.unresolved)
    var shares = SearchShares(of: scan.budget.entries)
    var waiting = list.entries
    while !waiting.isEmpty {
      var later: [ProcessList.Entry] = []
      for entry in waiting {
        let isNeeded = wantsAll || isUnresolved || deadSocketPIDs.contains(entry.pid)
        // Nothing to read; what its threads may hold is another step's.
        let isEmpty = list.hasSizes && entry.descriptors == 0
        if !isNeeded || !scan.budget.check() {
          skipped += 1
        } else if isEmpty {
          examined.insert(entry.pid)
        } else if shares.mustWait({ ProcessList.user(procRoot, entry.pid) }) {
          later.append(entry)
        } else {
          let left = scan.budget.entries
          let user = search(entry)
          if let user { shares.charge(left - scan.budget.entries, to: user) }
        }
      }
      waiting = later
      shares.widen()
    }
    if !scan.budget.check() {
      gaps.note(
        .boundReached, count: max(skipped, 1),
        "descriptor tables: the search was stopped at its bound; processes not looked at"
          + (shares.largest.map { "; user \($0) has most of what was" } ?? ""))
    }
  }

  /// - Returns: Whose process it is; nil when it is gone.
  private mutating func search(_ entry: ProcessList.Entry) -> UInt32? {
    if reader.avoided.covers(.descriptors, entry.pid, &gaps) {
      skipped += 1
      return nil
    }
    do throws(SystemCallError) {
      let directory = try ProcessDirectory(procRoot: procRoot, pid: entry.pid)
      let owner = try? directory.owner()
      EyeStep.descriptors.begin(on: entry.pid, of: owner)
      let fd: Int32
      do throws(SystemCallError) {
        fd = try directory.openDirectory("fd")
      } catch {
        if error.isDenied { noteUnreadable(directory) }
        throw error
      }
      defer { close(fd) }
      let seeksDead = seeksDeadSockets(in: entry.pid)
      scan.strangersMost = isUnresolved || seeksDead ? strangersMost - strangers.count : 0
      let table = scan.scan(fd, of: directory.path + "/fd")
      keep(table, of: directory, in: .process)
      if seeksDead, table.strangersLeftOut > 0 {
        gaps.note(
          .boundReached, count: table.strangersLeftOut,
          "dead sockets: more descriptors on sockets in no table than are kept")
      }
      switch table.outcome {
      case .complete: examined.insert(entry.pid)
      case .vanished: break
      case .boundReached: skipped += 1
      case .unreadable(let error):
        gaps.note(.descriptorsUnreadable, error.description)
      }
      return owner
    } catch {
      // Gone since the list was read: what it held is gone, too.
      if !error.isVanished { gaps.note(.descriptorsUnreadable, error.description) }
      return nil
    }
  }

  /// Says whose descriptors may not be read, where somebody cares for each.
  private mutating func noteUnreadable(_ directory: borrowing ProcessDirectory) {
    guard search.ancestor != nil, let stat = directory.identify(&gaps) else { return }
    var record = ProcessRecord(id: stat.id)
    record.parent = stat.parent
    record.command = stat.command
    report.unreadable.append(record)
  }

  /// Takes what one table held into the report.
  mutating func keep(
    _ table: DescriptorScan.Table, of directory: borrowing ProcessDirectory,
    in place: SocketHolder.Table
  ) {
    for fd in table.rings { rings.append((directory.pid, fd)) }
    for stranger in table.strangers { strangers.append((directory.pid, stranger)) }
    if table.hits.isEmpty { return }
    guard let process = identify(directory, counted: table.count) else { return }
    for hit in table.hits {
      let holder = SocketHolder(inode: hit.inode, process: process, fd: hit.fd, table: place)
      scan.inodes.settle(hit.inode)
      report.holders.append(holder)
    }
  }

  /// Who an open process is; reads its record the first time.
  mutating func identify(
    _ directory: borrowing ProcessDirectory, counted: Int?
  ) -> ProcessID? {
    guard let stat = directory.identify(&gaps) else { return nil }
    let id = ProcessID(pid: directory.pid, startTicks: stat.startTicks)
    if records[directory.pid]?.id != id {
      keepRecord(directory, stat: stat, counted: counted)
    }
    return id
  }

  private mutating func keepRecord(
    _ directory: borrowing ProcessDirectory, stat: ProcStat, counted: Int?
  ) {
    if search.detail == .identity {
      records[directory.pid] = reader.identity(directory, stat: stat, gaps: &gaps)
      return
    }
    records[directory.pid] = reader.record(
      directory, stat: stat, arguments: search.arguments, counted: counted, gaps: &gaps)
  }

  /// Catches who opens short-lived connections.
  mutating func catchOpeners(_ hunt: OpenerHunt) {
    var catcher = OpenerCatcher(hunt, procRoot: procRoot, avoided: reader.avoided)
    for (pid, connections) in catcher.run() {
      guard let record = records[pid] ?? reader.record(pid: pid, arguments: false, gaps: &gaps)
      else { continue }
      records[pid] = record
      report.caught.append(
        CaughtOpener(hunt: hunt, process: record.id, connections: connections))
    }
  }

  /// Last step: records of the parents, and of those that were asked for.
  mutating func completeRecords(_ memory: borrowing RecordMemory) {
    var wanted = Set(search.records)
    if search.detail == .full {
      wanted.formUnion(records.values.lazy.map(\.parent).filter { $0 > 0 })
      wanted = wanted.filter { records[$0] == nil }
    }
    let now = Clock.boot
    for pid in wanted.sorted() where !reader.avoided.covers(.identity, pid, &gaps) {
      EyeStep.identity.begin(on: pid, of: reader.avoided.user(of: pid))
      if !search.arguments, let known = memory.record(of: pid, procRoot: procRoot, at: now) {
        records[pid] = known
        retold.insert(pid)
        continue
      }
      records[pid] = reader.record(pid: pid, arguments: search.arguments, gaps: &gaps)
    }
  }

  /// The answer, ordered by process and descriptor.
  consuming func finish() -> HolderReport {
    report.unreadable.sort { $0.id < $1.id }
    if didRevalidate { report.holders = Self.unique(report.holders) }
    // Each process's are in order already, so this is a merge.
    report.holders.sort { a, b in
      (a.process.pid, a.fd, a.inode) < (b.process.pid, b.fd, b.inode)
    }
    report.processes = records.values.sorted { $0.id < $1.id }
    report.isComplete =
      skipped == 0 && (!needsTables || !list.entries.isEmpty)
      && gaps.isEmpty(.descriptorsUnreadable, .processesHidden, .boundReached)
    report.gaps = gaps.gaps
    return report
  }

  /// Without repetitions: a remembered holder is found again when its process is searched.
  private static func unique(_ holders: [SocketHolder]) -> [SocketHolder] {
    var seen: Set<SocketHolder> = []
    seen.reserveCapacity(holders.count)
    return holders.filter { seen.insert($0).inserted }
  }
}
