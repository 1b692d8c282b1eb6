// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
package import KernelTables
import Synchronization

/// Who forks eyes, and ends those that are stuck: this process itself (``OwnEyes``), or another for
/// it (``Keeper``).
package protocol EyeStarter: Sendable {
  /// Has an eye forked.
  func fork() throws(HostError) -> ForkedEye
  /// Ends an eye, if it is one and can be ended.
  func kill(_ pid: Int32)
  /// The eyes that have not ended; nil when that cannot be told.
  func living() -> [Int32]?
}

/// An eye that was forked: where it is asked, and where it says what it touches.
package struct ForkedEye {
  var pid: Int32
  var socket: Int32
  var page: Int32

  /// - Parameter fork: Forks the eye that has the far end of the socket, and the page.
  static func make(
    _ fork: (_ far: Int32, _ page: Int32) throws(SystemCallError) -> Int32
  ) throws(HostError) -> ForkedEye {
    do throws(SystemCallError) {
      let page = try systemCall("memfd_create", on: "an eye's page") { closewatch_shared_memory() }
      var (near, far): (Int32, Int32) = (-1, -1)
      var isDone = false
      defer {
        close(far)
        if !isDone {
          close(page)
          close(near)
        }
      }
      _ = try systemCall("ftruncate", on: "an eye's page") {
        ftruncate(page, MemoryLayout<closewatch_mark>.size)
      }
      (near, far) = try socketPair()
      let pid = try fork(far, page)
      isDone = true
      return ForkedEye(pid: pid, socket: near, page: page)
    } catch {
      throw HostError(cannotStart: error)
    }
  }

  /// Two ends, neither of which is in the place of a standard descriptor.
  static func socketPair() throws(SystemCallError) -> (Int32, Int32) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    _ = try systemCall("socketpair", on: "an eye") { socketpair(AF_UNIX, kind, 0, &ends) }
    for index in 0..<2 where ends[index] < 3 {
      let high = fcntl(ends[index], F_DUPFD_CLOEXEC, 3)
      close(ends[index])
      ends[index] = high
    }
    return (ends[0], ends[1])
  }
}

extension HostError {
  /// No process can be forked that looks. Of fork(2) EAGAIN is a limit of processes.
  init(cannotStart error: SystemCallError) {
    let isLimit = error.call == "fork" && error.errno == EAGAIN
    self.init("cannot start to look: \(error)" + (isLimit ? "; raise the limit of processes" : ""))
  }
}

/// Processes that are not needed any more, whose end nobody has taken note of.
package enum EndedChildren {
  private static let pids = Mutex<[Int32]>([])

  /// Milliseconds. Who is killed, or has nobody to answer, ends within one, unless the kernel does
  /// not let it.
  static let patience: Int32 = 50

  static func add(_ added: [Int32]) { pids.withLock { $0 += added } }

  /// Takes note of their end, so that no zombie is left to a container's first process, which may
  /// never ask. Waits for a moment, and not for one that is stuck.
  package static func takeNote() { takeNote(of: pids.withLock { $0 }) }

  static func takeNote(of children: [Int32]) {
    // One that is stuck uses up the patience of all.
    var patience = patience
    for child in children where closewatch_await_end(child, patience) == 0 { patience = 0 }
  }
}
