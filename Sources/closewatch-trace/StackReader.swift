// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import LinuxHost
import Tracing

/// Has stacks read and named by a process that has no rights, one batch at a time, while events go
/// on to come.
final class StackReader {
  /// Stacks that are read together, by the number of the event that each is of.
  struct Batch {
    var process: Int32
    var stacks: [(event: Int, bytes: [UInt8])]
  }

  /// How long a batch may take.
  static let patienceSeconds = 10.0
  private static let mostBytes = 16 << 20

  private struct Running {
    var batch: Batch
    var child: Int32
    var pipe: Int32
    var deadline: Double
    var answer: [UInt8] = []
  }

  private var running: Running?

  var isBusy: Bool { running != nil }
  /// What can be polled for an answer; -1 while none is to come.
  var descriptor: Int32 { running?.pipe ?? -1 }

  /// Begins with a batch; false when no process can be started.
  func begin(_ batch: Batch) -> Bool {
    precondition(running == nil, "one batch at a time")
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return false }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let files = MappedFiles(of: batch.process)
    let child = closewatch_fork()
    if child == 0 {
      StackNaming.run(batch.stacks.map(\.bytes), of: batch.process, files, output: ends[1])
    }
    close(ends[1])
    guard child > 0 else {
      close(ends[0])
      return false
    }
    _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
    running = Running(
      batch: batch, child: child, pipe: ends[0],
      deadline: Clock.monotonicSeconds + Self.patienceSeconds)
    return true
  }

  /// What has been read; nil while it goes on. Of a process that has crashed or hangs, what it had
  /// read before.
  func finish(waiting milliseconds: Int32) -> (Batch, NamedStacks)? {
    guard running != nil else { return nil }
    if milliseconds > 0, let pipe = running?.pipe {
      var asked = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
      poll(&asked, 1, milliseconds)
    }
    let isOver = take()
    guard let now = running, isOver || Clock.monotonicSeconds > now.deadline else { return nil }
    running = nil
    close(now.pipe)
    kill(now.child, SIGKILL)
    var status: Int32 = 0
    waitpid(now.child, &status, 0)
    let named = NamedStacks(
      now.answer, count: now.batch.stacks.count, isWhole: isOver && status == 0)
    return (now.batch, named)
  }

  /// - Returns: Whether nothing more comes.
  private func take() -> Bool {
    guard let pipe = running?.pipe else { return true }
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      let got = read(pipe, &chunk, chunk.count)
      if got < 0, errno == EINTR { continue }
      if got < 0 { return errno != EAGAIN }
      if got == 0 { return true }
      running?.answer += chunk.prefix(got)
      if let size = running?.answer.count, size > Self.mostBytes { return true }
    }
  }
}
