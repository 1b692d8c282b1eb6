// SPDX-License-Identifier: Apache-2.0

import CTrace
import Glibc
import KernelTables
import LinuxHost
import Tracing

/// Looks at the threads of a process, one after the other: each is stopped alone, and only while
/// its registers and its stack are copied.
struct ThreadLook {
  private struct Copy {
    var tid: Int32
    var state: closewatch_stopped_thread
    var stack: [UInt8]
    var calls: [InterpretedCall]
    var wait: StoppedThread.Wait?
  }

  private let process: WatchedProcess
  private let peers: [UInt64: Endpoint]

  /// All stops together last no longer.
  static let mostSeconds = 1.0
  /// A thread that waits for a disk does not stop.
  private static let patienceMilliseconds: Int32 = 50
  /// For reading the copies.
  private static let readingSeconds = 20.0

  /// - Parameter peers: The other ends of connections, by inode.
  init(_ process: WatchedProcess, peers: [UInt64: Endpoint]) {
    self.process = process
    self.peers = peers
  }

  func report() -> StacksReport {
    let tids = self.tids
    var stopped = 0.0
    var missed = 0
    var copies: [Copy] = []
    for tid in tids {
      // The last one may still wait for its turn to stop.
      let limit = Self.mostSeconds - Double(Self.patienceMilliseconds) / 1000
      let began = Clock.monotonicSeconds
      if stopped < limit, let copy = OwnThread.run({ self.copy(tid, among: tids) }) {
        copies.append(copy)
      } else {
        missed += 1
      }
      stopped += Clock.monotonicSeconds - began
    }
    let threads = zip(copies, read(copies)).map { copy, frames in
      StoppedThread(tid: copy.tid, name: name(copy.tid), wait: copy.wait, frames: frames)
    }
    return StacksReport(threads, stoppedSeconds: stopped, missed: missed)
  }

  private var pid: Int32 { process.record.id.pid }

  private var tids: Set<Int32> { Set(ProcessTree.numbers(in: "/proc/\(pid)/task")) }

  private func name(_ tid: Int32) -> String {
    let bytes = (try? readFile("/proc/\(pid)/task/\(tid)/comm", limit: 64)) ?? []
    return String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)
  }

  private func copy(_ tid: Int32, among tids: Set<Int32>) -> Copy? {
    var state = closewatch_stopped_thread()
    var stack = [UInt8](repeating: 0, count: MemoryLayout<closewatch_trace_stack>.size)
    let failed = stack.withUnsafeMutableBytes { bytes in
      closewatch_thread_stop(
        tid, Self.patienceMilliseconds, &state,
        bytes.assumingMemoryBound(to: closewatch_trace_stack.self).baseAddress)
    }
    guard failed == 0 else { return nil }
    let calls = process.calls(ofThread: state.identity)
    closewatch_thread_release(tid, &state)
    let arguments = withUnsafeBytes(of: state.arguments) { Array($0.bindMemory(to: UInt64.self)) }
    var wait = StoppedThread.Wait(
      systemCall: state.system_call, Self.kind(state), arguments: arguments,
      word: process.word(at:), threads: tids)
    if case .descriptor(let call, let fd, _) = wait {
      wait = .descriptor(call: call, fd: fd, peer: peer(of: fd))
    }
    return Copy(tid: tid, state: state, stack: stack, calls: calls, wait: wait)
  }

  private static func kind(_ state: closewatch_stopped_thread) -> StoppedThread.Wait.Kind {
    switch state.wait {
    case closewatch_wait_descriptor: .descriptor(state.call.map { String(cString: $0) } ?? "")
    case closewatch_wait_events: .events
    case closewatch_wait_time: .time
    case closewatch_wait_futex: .futex
    default: .other
    }
  }

  private func peer(of fd: Int32) -> Endpoint? {
    StuckLook.socket(atDescriptor: fd, of: pid).flatMap { peers[$0] }
  }

  /// The calls of each copy, read by a process without rights.
  private func read(_ copies: [Copy]) -> [[StackFrame]] {
    let interpreted = copies.map { process.frames(of: $0.calls) }
    let reader = StackReader()
    var native: [[StackFrame]] = []
    if reader.begin(.init(process: pid, stacks: copies.enumerated().map { ($0, $1.stack) })) {
      let deadline = Clock.monotonicSeconds + Self.readingSeconds
      while Clock.monotonicSeconds < deadline {
        guard let (_, named) = reader.finish(waiting: 100) else { continue }
        native = named.stacks
        break
      }
    }
    return copies.indices.map { index in
      let frames = index < native.count ? native[index] : []
      return EventBook.path(frames, interpreted[index])?.frames ?? []
    }
  }
}
