// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
package import KernelTables
import Synchronization

/// Eyes that this process forks itself: the quickest way, for a command that has one thread for as
/// long as it runs, and keeps its rights. A program with threads has a ``Keeper``.
package final class OwnEyes: EyeStarter {
  private let makeHost: @Sendable () -> LiveHost
  private let children = Mutex<[Int32]>([])

  /// - Parameter makeHost: What an eye looks with; called in each.
  package init(_ makeHost: @escaping @Sendable () -> LiveHost = { LiveHost() }) {
    self.makeHost = makeHost
  }

  deinit { EndedChildren.add(children.withLock { $0 }) }

  package func fork() throws(HostError) -> ForkedEye {
    try ForkedEye.make { far, page throws(SystemCallError) in
      let pid = try systemCall("fork", on: "an eye") { closewatch_fork() }
      if pid == 0 {
        closewatch_detach(far, page)
        closewatch_end_with_parent()
        Eye.confineStarter()
        Eye.serve(far, page: page, makeHost)
      }
      children.withLock { $0.append(pid) }
      return pid
    }
  }

  package func kill(_ pid: Int32) {
    // The number of one whose end was taken note of may be another process's by now.
    guard children.withLock({ $0.contains(pid) }) else { return }
    Glibc.kill(pid, SIGKILL)
  }

  package func living() -> [Int32]? {
    children.withLock { children in
      children.removeAll { closewatch_await_end($0, 0) != 0 }
      return children
    }
  }
}
