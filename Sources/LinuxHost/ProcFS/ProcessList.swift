// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables

/// The processes of the host, with what decides in which order they are searched.
struct ProcessList {
  /// One process, before anything of it is opened.
  struct Entry {
    var pid: Int32
    /// Open descriptors: the size of `/proc/PID/fd`. 0 for kernel threads, for a leader that has
    /// exited while its threads live, and for all before Linux 6.2.
    var descriptors: Int
  }

  /// In search order.
  var entries: [Entry] = []
  /// Whether the kernel gives `/proc/PID/fd` a size (Linux 6.2).
  var hasSizes = false

  /// None.
  init() {}

  /// - Parameter likely: Searched first, in this order; the others follow by their number of
  ///   descriptors, most first.
  /// - Parameter ancestor: Only what descends from it; nil: all.
  /// - Parameter helpers: Of its descendants those that do not count.
  init(
    procRoot: String, likely: [Int32], ancestor: Int32? = nil, besides helpers: [Int32] = [],
    scan: inout DescriptorScan, gaps: inout GapTally
  ) {
    EyeStep.list.begin()
    do throws(SystemCallError) {
      let root = try systemCall("open", on: procRoot) {
        open(procRoot, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      }
      defer { close(root) }
      // We hold `root` open, so a size of 0 for ourselves means that there are no sizes.
      hasSizes = (Self.size(root, "self/fd") ?? 0) > 0
      let pids: [Int32]
      if let ancestor {
        pids = ProcessTree.descendants(of: ancestor, besides: helpers, procRoot: procRoot)
      } else {
        pids = try scan.numbers(in: root, procRoot)
      }
      for pid in pids {
        // One that is gone has no size and need not be listed.
        if let size = Self.size(root, "\(pid)/fd") {
          entries.append(Entry(pid: pid, descriptors: size))
        }
      }
    } catch {
      gaps.note(.fileUnreadable, error.description)
    }
    if ancestor == nil, !entries.isEmpty, !entries.contains(where: { $0.pid == 1 }) {
      Self.noteHidden(procRoot: procRoot, &gaps)
    }
    var rank: [Int32: Int] = [:]
    for (index, pid) in likely.enumerated() where rank[pid] == nil { rank[pid] = index }
    entries.sort { a, b in
      let (first, second) = (rank[a.pid] ?? .max, rank[b.pid] ?? .max)
      if first != second { return first < second }
      return (a.descriptors, b.pid) > (b.descriptors, a.pid)
    }
  }

  /// Notes whether other users' processes are hidden. Pid 1 always lives; it can only be hidden.
  static func noteHidden(procRoot: String, _ gaps: inout GapTally) {
    var status = stat()
    guard stat("\(procRoot)/1", &status) != 0, errno == ENOENT, stat(procRoot, &status) == 0
    else { return }
    gaps.note(
      .processesHidden, count: max(1, hidden(procRoot)),
      "\(procRoot)/1 does not show: other users' processes are hidden (hidepid)")
  }

  /// How many processes there are that `/proc` does not show, up to a number that takes some
  /// milliseconds.
  private static func hidden(_ procRoot: String) -> Int {
    var status = stat()
    return (1...hiddenBound).count { pid in
      closewatch_process_exists(pid) != 0 && stat("\(procRoot)/\(pid)", &status) != 0
    }
  }

  /// Hosts that do not count up to millions have twice that as `pid_max`.
  private static let hiddenBound: Int32 = 65536

  /// Whose process it is; nil when it is gone.
  static func user(_ procRoot: String, _ pid: Int32) -> UInt32? {
    var status = stat()
    return stat("\(procRoot)/\(pid)", &status) == 0 ? status.st_uid : nil
  }

  /// The size of a directory; nil when it is gone. 0 when it may not be asked (hidepid=1).
  private static func size(_ root: Int32, _ name: String) -> Int? {
    var status = stat()
    if fstatat(root, name, &status, 0) == 0 { return Int(status.st_size) }
    return errno == EACCES || errno == EPERM ? 0 : nil
  }
}
