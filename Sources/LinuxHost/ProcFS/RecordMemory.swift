// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables

/// Records of processes from earlier searches, used again while nothing hints at a change: a
/// daemon asks for those of dozens of processes at each look, and one costs some ten files.
///
/// A record is read again when the process has another number of descriptors (which is what is
/// asked for at each look, and differs as a rule where the pid is another process's now), while
/// the process is young (it may still call execve(2) or be moved to its cgroup) or stopped (it may
/// have been let go on), and after a minute in any case.
struct RecordMemory: Sendable {
  private struct Entry {
    var record: ProcessRecord
    var readAt: BootInstant
  }

  /// Seconds. As long as the daemon's time between two full looks.
  static let goodForSeconds = 60.0

  private var entries: [Int32: Entry] = [:]

  /// The record of a process if it can be told again.
  ///
  /// - Parameter now: On CLOCK_BOOTTIME.
  func record(of pid: Int32, procRoot: String, at now: BootInstant) -> ProcessRecord? {
    guard let entry = entries[pid], !entry.record.isStopped,
      now.seconds(since: entry.readAt) < Self.goodForSeconds,
      now.seconds(since: entry.record.id.startedAt) > Self.goodForSeconds
    else { return nil }
    var status = stat()
    // Without a size (Linux 6.1 and before) nobody can tell whether anything has changed.
    guard stat("\(procRoot)/\(pid)/fd", &status) == 0, status.st_size > 0,
      entry.record.descriptorCount == Int(status.st_size)
    else { return nil }
    return entry.record
  }

  /// Takes in what was learnt of a process after its search.
  mutating func learn(_ runtime: ProcessRuntime, of process: ProcessID) {
    guard entries[process.pid]?.record.id == process else { return }
    entries[process.pid]?.record.runtime = runtime
  }

  /// Replaces what is known by the records of the newest search.
  ///
  /// - Parameter retold: Those of them that came from here.
  mutating func keep(
    _ records: [Int32: ProcessRecord], retold: Set<Int32>, at now: BootInstant
  ) {
    var kept: [Int32: Entry] = [:]
    kept.reserveCapacity(records.count)
    for (pid, record) in records {
      let readAt = retold.contains(pid) ? entries[pid]?.readAt : nil
      kept[pid] = Entry(record: record, readAt: readAt ?? now)
    }
    entries = kept
  }
}
