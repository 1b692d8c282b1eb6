// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables

/// The rights of this process, and the processes that an earlier run has left in its place.
package enum OwnRights {
  /// Gives all capabilities away, and the way to get new ones by execve(2). To be called while
  /// there is one thread: those that are made later have no more than it.
  ///
  /// - Throws: ``SystemCallError`` when the kernel, or a filter of system calls, refuses.
  package static func giveAway() throws(SystemCallError) {
    _ = try systemCall("capset", on: "this process") { closewatch_keep_capabilities(0) }
    _ = try systemCall("prctl PR_SET_NO_NEW_PRIVS", on: "this process") {
      closewatch_no_new_privileges()
    }
    // Where there is no such filter, there is one wall less.
    _ = closewatch_confine(closewatch_daemon)
  }

  /// Processes in our cgroup that look, or start those that do, and are not ours: stuck in the
  /// kernel since an earlier run, so that not even the service manager could end them.
  package static func leftBehind(besides keeper: Keeper) -> [Int32] {
    OwnCgroup.processes
      .filter { pid in
        guard pid != getpid(), pid != keeper.pid, let stat = stat(of: pid) else { return false }
        return stat.command.hasPrefix("closewatch-") && !isRunning(stat.parent)
      }
  }

  /// Whether it is a process of this program: outside of a unit of its own, a command or another
  /// daemon can share the cgroup, and its children are not left behind.
  private static func isRunning(_ pid: Int32) -> Bool {
    stat(of: pid)?.command.hasPrefix("closewatch") ?? false
  }

  private static func stat(of pid: Int32) -> ProcStat? {
    (try? readFile("/proc/\(pid)/stat", limit: 4096)).flatMap { try? ProcStat($0) }
  }
}
