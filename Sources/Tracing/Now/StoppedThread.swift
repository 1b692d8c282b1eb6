// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// What a thread was doing when it was looked at.
package struct StoppedThread: Hashable, Sendable {
  /// What it waits for; nil: it was running, or for something that is not known.
  package enum Wait: Hashable, Sendable {
    /// A lock, by its address; and who holds it, where the lock says so.
    case lock(address: UInt64, holder: Int32?)
    /// A condition, a channel, a queue of work: what other threads wait for it too is nothing yet.
    case wake
    /// A call on a descriptor: `recv`, and the other end where it is a connection.
    case descriptor(call: String, fd: Int32, peer: Endpoint?)
    /// Something to happen on one of many descriptors.
    case events
    /// Time to pass.
    case time
    /// Another system call, by its number.
    case call(Int64)
  }

  package var tid: Int32
  /// What it calls itself. Untrusted text.
  package var name: String
  package var wait: Wait?
  /// The innermost call first; empty when the stack could not be read.
  package var frames: [StackFrame]

  package init(tid: Int32, name: String, wait: Wait?, frames: [StackFrame]) {
    self.tid = tid
    self.name = name
    self.wait = wait
    self.frames = frames
  }
}

extension StoppedThread.Wait {
  /// What kind of thing a system call waits for.
  package enum Kind: Hashable, Sendable {
    /// One descriptor; the call as a program names it.
    case descriptor(String)
    case events, time, futex, other
  }

  /// What a system call waits for.
  ///
  /// - Parameters:
  ///   - number: -1 when it is in none.
  ///   - arguments: What it was given.
  ///   - word: Reads 32 bits of the process.
  ///   - threads: Those of the process: who holds a lock is one of them.
  package init?(
    systemCall number: Int64, _ kind: Kind, arguments: [UInt64], word: (UInt64) -> UInt32?,
    threads: Set<Int32>
  ) {
    guard number >= 0, arguments.count == 6 else { return nil }
    switch kind {
    case .descriptor(let call):
      self = .descriptor(call: call, fd: Int32(truncatingIfNeeded: arguments[0]), peer: nil)
    case .events: self = .events
    case .time: self = .time
    case .futex: self = Self.futex(arguments, word, threads)
    case .other: self = .call(number)
    }
  }

  /// A mutex of glibc has its state, its depth and its holder, 32 bits each, where its futex is.
  /// What has no holder among the threads is no mutex of that kind.
  private static func futex(
    _ arguments: [UInt64], _ word: (UInt64) -> UInt32?, _ threads: Set<Int32>
  ) -> Self {
    let address = arguments[0]
    // FUTEX_LOCK_PI and its successor say it themselves.
    let operation = arguments[1] & 0x7f
    let state = word(address) ?? 0
    if operation == 6 || operation == 13 {
      let holder = Int32(bitPattern: state & 0x3fff_ffff)
      return .lock(address: address, holder: threads.contains(holder) ? holder : nil)
    }
    guard operation == 0, state == 1 || state == 2,
      let holder = word(address &+ 8).map(Int32.init(bitPattern:)), threads.contains(holder)
    else { return .wake }
    return .lock(address: address, holder: holder)
  }
}
