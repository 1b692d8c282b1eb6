// SPDX-License-Identifier: Apache-2.0

/// What the threads of a stuck process are doing, those together that do the same.
package struct StacksReport: Sendable {
  /// Threads that wait for the same thing in the same place.
  package struct Group: Hashable, Sendable {
    /// By their numbers.
    package var threads: [Int32]
    /// What one of them calls itself.
    package var name: String
    package var wait: StoppedThread.Wait?
    package var frames: [StackFrame]
  }

  /// A lock that several threads wait for.
  package struct Lock: Hashable, Sendable {
    package var address: UInt64
    package var waiting: Int
    package var holder: Int32?
  }

  /// The largest first.
  package let groups: [Group]
  /// Those that most wait for first.
  package let locks: [Lock]
  package let threadCount: Int
  /// The process stood still for so long, all stops together.
  package let stoppedSeconds: Double
  /// Threads that could not be looked at in the time that there was.
  package let missed: Int

  /// - Parameters:
  ///   - stoppedSeconds: For how long one of them or another was stopped.
  ///   - missed: How many threads were not looked at.
  package init(_ threads: [StoppedThread], stoppedSeconds: Double, missed: Int) {
    threadCount = threads.count
    self.stoppedSeconds = stoppedSeconds
    self.missed = missed
    var groups: [Key: Group] = [:]
    var locks: [UInt64: Lock] = [:]
    for thread in threads.sorted(by: { $0.tid < $1.tid }) {
      let empty = Group(threads: [], name: thread.name, wait: thread.wait, frames: thread.frames)
      groups[Key(thread), default: empty].threads.append(thread.tid)
      if case .lock(let address, let holder) = thread.wait {
        locks[address, default: Lock(address: address, waiting: 0, holder: holder)].waiting += 1
      }
    }
    self.groups = groups.values.sorted {
      ($1.threads.count, $0.threads[0]) < ($0.threads.count, $1.threads[0])
    }
    self.locks = locks.values.sorted { ($1.waiting, $0.address) < ($0.waiting, $1.address) }
  }

  /// What makes two threads do the same: descriptors may differ, and the places must not.
  private struct Key: Hashable {
    var wait: StoppedThread.Wait?
    var frames: [StackFrame]

    init(_ thread: StoppedThread) {
      wait = thread.wait
      if case .descriptor(let call, _, let peer) = thread.wait {
        wait = .descriptor(call: call, fd: 0, peer: peer)
      }
      frames = thread.frames
    }
  }

  /// What the holder of a lock is doing itself.
  package func group(of thread: Int32) -> Group? {
    groups.first { $0.threads.contains(thread) }
  }
}
