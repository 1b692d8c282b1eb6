// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables

/// Threads of a watched command that have stopped where they end. A process has its descriptors
/// until its last thread has gone: what it holds then it will not close any more.
struct ExitStops {
  /// Threads that have been let go and may not have gone yet, of each process.
  private var leaving: [Int32: Set<Int32>] = [:]
  /// The last thread of each process that stands.
  private var standing: [Int32: Int32] = [:]

  /// Processes that stand where they end, and hold a socket or may.
  var processes: Set<Int32> { Set(standing.keys) }

  /// Takes in a thread that has stopped there, and lets it go unless its process ends with it.
  ///
  /// - Parameter inherited: Inodes of sockets that are not the command's own.
  mutating func take(_ thread: Int32, inherited: Set<UInt64>) {
    guard let process = Self.process(of: thread) else { return closewatch_let_exit(thread) }
    let others = ProcessTree.numbers(in: "/proc/\(process)/task").filter { $0 != thread }
    let gone = leaving[process, default: []].intersection(others)
    if others.contains(where: { !gone.contains($0) && !Self.isZombie($0, of: process) }) {
      leaving[process] = gone.union([thread])
      closewatch_let_exit(thread)
    } else {
      leaving[process] = nil
      if Self.holdsSocket(process, by: thread, besides: inherited) {
        standing[process] = thread
      } else {
        closewatch_let_exit(thread)
      }
    }
  }

  /// A process runs another program: the thread that goes on has the number of its leader, which
  /// may have been let go.
  mutating func execute(_ process: Int32) { leaving[process] = nil }

  /// Lets all of them end.
  mutating func letGo() {
    for thread in standing.values { closewatch_let_exit(thread) }
    standing = [:]
  }

  private static func process(of thread: Int32) -> Int32? {
    guard let bytes = try? readFile("/proc/\(thread)/status") else { return nil }
    for line in TextFields.lines(bytes) where line.starts(with: "Tgid:".utf8) {
      return TextFields.fields(line).last.flatMap { Int32(TextFields.text($0)) }
    }
    return nil
  }

  private static func isZombie(_ thread: Int32, of process: Int32) -> Bool {
    guard let bytes = try? readFile("/proc/\(process)/task/\(thread)/stat"),
      let stat = try? ProcStat(bytes)
    else { return true }
    return stat.isZombie
  }

  /// Of one that may not be read nobody knows. It is the thread that is asked: a leader that has
  /// gone before its threads shows no descriptors.
  private static func holdsSocket(
    _ process: Int32, by thread: Int32, besides inherited: Set<UInt64>
  ) -> Bool {
    let table = "task/\(thread)/fd"
    let path = "/proc/\(process)/\(table)"
    guard access(path, R_OK | X_OK) == 0,
      let directory = try? ProcessDirectory(procRoot: "/proc", pid: process)
    else { return true }
    return ProcessTree.numbers(in: path).contains { fd in
      guard let target = try? directory.readLink("\(table)/\(fd)"),
        case .socket(let inode)? = try? SocketLink(target)
      else { return false }
      return !inherited.contains(inode)
    }
  }
}
