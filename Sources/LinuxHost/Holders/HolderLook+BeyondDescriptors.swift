// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables

extension HolderLook {
  /// Steps 3 and 4: what no `/proc/PID/fd` shows.
  mutating func searchBeyondDescriptors(_ bounds: HolderFinder.Bounds) {
    let isComplete = search.completeness == .everyHolder && search.wantsSockets
    if !isUnresolved && !isComplete { return }
    let budget = scan.budget
    scan.budget = ScanBudget(
      entries: max(budget.entries, 0), milliseconds: bounds.deepMilliseconds)
    let cut = searchThreads()
    if isUnresolved { searchRings() }
    if isUnresolved { countInFlight() }
    if cut.isAny || !scan.budget.check() {
      gaps.note(
        .boundReached, count: max(scan.inodes.unresolved, 1),
        "thread tables, io_uring and descriptors in flight: not all could be looked at"
          + cut.words)
    }
    scan.budget = budget
  }

  /// Processes of which not every thread could be looked at.
  struct CutThreads {
    private(set) var isAny = false
    /// Those it was due to.
    private var largest: [Int32] = []

    /// - Parameters:
    ///   - part: What the process has used up.
    ///   - whole: What there was for all. Once it has run down, the next one is cut off too,
    ///     however few threads it has.
    mutating func add(_ pid: Int32, _ part: ScanBudget, of whole: ScanBudget) {
      isAny = true
      if part.isLargePart(of: whole) { largest.append(pid) }
    }

    var words: String {
      let pids = largest.map(\.description).joined(separator: ", ")
      return switch largest.count {
      case 0: ""
      case 1: "; process \(pids) has more threads than there was time for"
      default: "; processes \(pids) have more threads than there was time for"
      }
    }
  }

  /// Threads can have a table of their own (`unshare(CLONE_FILES)`), and a leader that has exited
  /// has none while its threads live. The latter are always looked at, the former only while
  /// sockets are without a holder.
  private mutating func searchThreads() -> CutThreads {
    var cut = CutThreads()
    let all = scan.budget
    let root = open(procRoot, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { if root >= 0 { close(root) } }
    for entry in list.entries where scan.budget.check() {
      let hasNoTable = !list.hasSizes || entry.descriptors == 0
      if !isUnresolved && !hasNoTable { continue }
      // One call for each kernel thread and each process with one thread, which most are:
      // proc_task_getattr() adds the number of threads to the links of the directory itself.
      var status = stat()
      guard fstatat(root, "\(entry.pid)/task", &status, 0) == 0, status.st_nlink > 3,
        let directory = try? ProcessDirectory(procRoot: procRoot, pid: entry.pid)
      else { continue }
      if reader.avoided.covers(.threads, entry.pid, &gaps) { continue }
      EyeStep.threads.begin(on: entry.pid, of: try? directory.owner())
      if !isUnresolved {
        guard let stat = directory.identify(&gaps), stat.isZombie else { continue }
      }
      // One process with thousands of threads must not hide the threads of the others.
      let whole = scan.budget
      scan.budget = whole.half()
      searchThreads(of: directory)
      let part = scan.budget
      if part.isSpent { cut.add(entry.pid, part, of: all) }
      scan.budget = whole
      scan.budget.charge(part, of: whole)
    }
    return cut
  }

  private mutating func searchThreads(of directory: borrowing ProcessDirectory) {
    guard let tasks = try? directory.openDirectory("task") else { return }
    defer { close(tasks) }
    guard let threads = try? scan.numbers(in: tasks, directory.path + "/task") else { return }
    // One task of each different table; the leader's has been searched.
    var tables = [directory.pid]
    for thread in threads where thread != directory.pid {
      if !scan.budget.take() { return }
      if tables.contains(where: { isSameTable($0, thread) }) { continue }
      // Who has more than a few has thousands: to compare them all takes longer than to read them.
      if tables.count < 8 { tables.append(thread) }
      guard let fd = try? directory.openDirectory("task/\(thread)/fd") else { continue }
      defer { close(fd) }
      scan.strangersMost = 0
      var table = scan.scan(fd, of: "\(directory.path)/task/\(thread)/fd")
      // A socket made after the leader's table was read shows here for the first time.
      table.hits = table.hits.filter { hit in
        let leads = try? directory.readLink("fd/\(hit.fd)")
        return leads?.withUnsafeBytes { SocketLink.inode($0.bytes) } != hit.inode
      }
      // Descriptors of a thread cannot be reached as the process's own.
      table.rings = []
      keep(table, of: directory, in: .thread(thread))
    }
  }

  /// kcmp(2). Where it cannot be asked, tables count as different: looked at twice, not missed.
  private func isSameTable(_ first: Int32, _ second: Int32) -> Bool {
    procRoot == "/proc" && closewatch_kcmp_files(first, second) == 0
  }

  /// Files that are registered with an io_uring need no descriptor.
  private mutating func searchRings() {
    var unnumbered = 0
    for (pid, fd) in rings where scan.budget.check() {
      guard let directory = try? ProcessDirectory(procRoot: procRoot, pid: pid),
        let info = fdInfo(directory, fd)
      else { continue }
      unnumbered += info.registeredUnnumbered
      let wanted = Set(info.registeredSockets).filter { scan.inodes.entry($0) == .wanted }
      if wanted.isEmpty { continue }
      guard let process = identify(directory, counted: nil) else { continue }
      for inode in wanted.sorted() {
        scan.inodes.settle(inode)
        report.holders.append(
          SocketHolder(inode: inode, process: process, fd: fd, table: .ioUring))
      }
    }
    if unnumbered > 0, isUnresolved {
      gaps.note(
        .sourceLimited, count: unnumbered,
        "TCP sockets registered with an io_uring: this kernel does not say which")
    }
  }

  /// Descriptors that were sent over a unix socket and not yet received are in no table. Each
  /// unix socket is asked once, however many processes hold it. Where no socket at all has a count,
  /// the kernel does not count: this process itself is asked over a unix socket.
  private mutating func countInFlight() {
    var asked: Set<UInt64> = []
    var count: Int?
    defer { if !asked.isEmpty { report.descriptorsInFlight = count } }
    for (pid, reference) in strangers where asked.insert(reference.inode).inserted {
      if !scan.budget.check() { return }
      guard let directory = try? ProcessDirectory(procRoot: procRoot, pid: pid),
        let info = fdInfo(directory, reference.fd)
      else { continue }
      if let inFlight = info.descriptorsInFlight { count = (count ?? 0) + inFlight }
    }
  }

  private mutating func fdInfo(
    _ directory: borrowing ProcessDirectory, _ fd: Int32
  ) -> FdInfo? {
    if reader.avoided.covers(.rings, directory.pid, &gaps) { return nil }
    EyeStep.rings.begin(on: directory.pid, of: try? directory.owner())
    let name = "fdinfo/\(fd)"
    do throws(SystemCallError) {
      let bytes = try directory.read(name, limit: 1 << 20)
      do throws(DecodeError) {
        return try FdInfo(bytes)
      } catch {
        gaps.note(.fileUnreadable, "\(directory.path)/\(name): \(error)")
      }
    } catch {
      if !error.isVanished { gaps.note(.fileUnreadable, error.description) }
    }
    return nil
  }
}
