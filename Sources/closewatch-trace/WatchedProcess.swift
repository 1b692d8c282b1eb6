// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import CTrace
import Glibc
import KernelTables
import LinuxHost
import Tracing

/// A process that is watched: it is known by a descriptor, so that no other can take its number.
final class WatchedProcess {
  let record: ProcessRecord
  /// Why the calls of its interpreter are not read; nil where they are, or it has none.
  private(set) var lack: String?
  private(set) var interpreter: (any InterpreterReader)?
  private let handle: Int32
  private let memory: OpenMemory
  /// Of the program that it executes; 0 is unknown.
  private let image: UInt64

  /// - Returns: nil when it has ended.
  init?(_ record: ProcessRecord) {
    let pid = record.id.pid
    handle = closewatch_pidfd_open(pid)
    memory = OpenMemory(pid: pid)
    self.record = record
    image = Self.image(of: pid)
    guard handle >= 0, ProcessRecord(ofNow: pid)?.id == record.id else { return nil }
    let files = MappedFiles(of: pid, asInterpreter: true)
    interpreter = RuntimeReaders.interpreter(of: files.codeFiles, in: memory)
    lack = interpreter == nil ? RuntimeReaders.lack(of: files.codeFiles, in: memory) : nil
  }

  deinit { if handle >= 0 { close(handle) } }

  /// Whether it has not ended.
  var isAlive: Bool {
    var asked = pollfd(fd: handle, events: Int16(POLLIN), revents: 0)
    return poll(&asked, 1, 0) == 0
  }

  /// Whether it has executed another program since: what is mapped is that one's.
  var hasExecuted: Bool {
    let now = Self.image(of: record.id.pid)
    return image != 0 && now != 0 && now != image
  }

  private static func image(of pid: Int32) -> UInt64 {
    guard let bytes = try? readFile("/proc/\(pid)/stat", limit: 4096),
      let stat = try? ProcStat(bytes)
    else { return 0 }
    return stat.startStack
  }

  /// Whether it runs the program that it ran at first.
  var runsSameImage: Bool { image != 0 && Self.image(of: record.id.pid) == image && isAlive }

  /// Sends it a signal, and nobody who has its number by then.
  func send(_ signal: Int32) -> Bool { closewatch_pidfd_send_signal(handle, signal) == 0 }

  /// Whether a path means the same file to it as to us.
  var seesOurFiles: Bool {
    let own = SeenFile(of: "/proc/self/ns/mnt")
    return own != nil && own == SeenFile(of: "/proc/\(record.id.pid)/ns/mnt")
      && SeenFile(of: "/proc/self/root/") == SeenFile(of: "/proc/\(record.id.pid)/root/")
  }

  /// Its numbers: ours, and those that it has in its own pid namespaces.
  var numbers: [Int32] { status("NSpid").compactMap { Int32($0) } }

  /// Whose files it makes.
  var fileUser: uid_t? { status("Uid").last.flatMap { uid_t($0) } }

  /// Whether it has a handler for a signal.
  func catches(_ signal: Int32) -> Bool {
    let mask = status("SigCgt").first.flatMap { UInt64($0, radix: 16) } ?? 0
    return mask >> UInt64(signal - 1) & 1 == 1
  }

  private func status(_ field: String) -> [Substring] {
    let bytes = (try? readFile("/proc/\(record.id.pid)/status", limit: 8192)) ?? []
    let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix(field + ":") }
    return line?.split(whereSeparator: { $0 == "\t" || $0 == " " }).dropFirst().map { $0 } ?? []
  }

  /// Where its interpreter's calls of a thread are, by what pthread_self(3) says in it. For a
  /// thread that is stopped.
  func calls(ofThread identity: UInt64) -> [InterpretedCall] {
    interpreter?.calls(ofThread: identity, in: memory) ?? []
  }

  /// What they are named.
  func frames(of calls: [InterpretedCall]) -> [StackFrame] {
    calls.isEmpty ? [] : interpreter?.frames(of: calls, in: memory) ?? []
  }

  /// Whom its event loops call for these sockets of its, by their cookies.
  func handlers(of sockets: [StuckSocket]) -> [UInt64: SocketSighting.Handler] {
    let own = sockets.filter { $0.holder?.process == record.id && $0.cookie != nil }
    guard let interpreter, !own.isEmpty else { return [:] }
    let descriptors = Set(own.compactMap(\.holder?.descriptor))
    let found = interpreter.handlers(of: descriptors, in: memory)
    var handlers: [UInt64: SocketSighting.Handler] = [:]
    for socket in own {
      guard let cookie = socket.cookie, let holder = socket.holder,
        let handler = found[holder.descriptor],
        // It has been the same descriptor all the while.
        StuckLook.socket(atDescriptor: holder.descriptor, of: record.id.pid) == holder.inode
      else { continue }
      handlers[cookie] = handler
    }
    return handlers
  }

  /// 32 bits of its memory.
  func word(at address: UInt64) -> UInt32? {
    memory.bytes(at: address, count: 4).map { bytes in
      bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
    }
  }

  /// Whether there are calls of an interpreter in the copy of a stack.
  static func hasCalls(_ stack: [UInt8]) -> Bool {
    let place = MemoryLayout<closewatch_trace_stack>.offset(of: \.call_count) ?? 0
    return stack.withUnsafeBytes {
      $0.count >= place + 4 && $0.loadUnaligned(fromByteOffset: place, as: UInt32.self) > 0
    }
  }

  /// What its interpreter was doing; asked while it is fresh.
  func interpretedFrames(_ stack: [UInt8]) -> [StackFrame] {
    guard interpreter != nil else { return [] }
    let calls = stack.withUnsafeBytes { bytes -> [InterpretedCall] in
      let stack = bytes.assumingMemoryBound(to: closewatch_trace_stack.self)
      guard let stack = stack.baseAddress else { return [] }
      let most = closewatch_trace_calls
      let start = MemoryLayout<closewatch_trace_stack>.offset(of: \.calls) ?? 0
      let count = min(Int(stack.pointee.call_count), most)
      return (0..<count).map { index in
        let call = bytes.loadUnaligned(
          fromByteOffset: start + index * MemoryLayout<closewatch_trace_call>.size,
          as: closewatch_trace_call.self)
        return InterpretedCall(code: call.code, instruction: call.instruction)
      }
    }
    return calls.isEmpty ? [] : interpreter?.frames(of: calls, in: memory) ?? []
  }
}

/// What tells a file, or a namespace, from all others.
private struct SeenFile: Equatable {
  private let device: dev_t
  private let inode: ino_t

  /// - Returns: nil where there is none to be seen.
  init?(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    device = status.st_dev
    inode = status.st_ino
  }
}

/// The memory of a process, to read.
private final class OpenMemory: ProcessMemory {
  private let file: Int32

  init(pid: Int32) { file = open("/proc/\(pid)/mem", O_RDONLY | O_CLOEXEC) }

  deinit { if file >= 0 { close(file) } }

  func bytes(at address: UInt64, count: Int) -> [UInt8]? {
    guard file >= 0, count > 0, count <= 1 << 20, let place = off_t(exactly: address) else {
      return nil
    }
    var bytes = [UInt8](repeating: 0, count: count)
    let got = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, count, place) }
    return got == count ? bytes : nil
  }
}
