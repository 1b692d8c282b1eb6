// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables

/// How it stands with counting connects in the kernel.
package enum ConnectCounting: Sendable {
  /// Nobody asked for it.
  case off
  case on(ConnectCounts)
  /// Asked for in vain: why, in words.
  case refused(String)
}

/// The table of a program in the kernel, to be read. It costs no call of the kernel.
package struct ConnectCounts: Sendable {
  /// Since when there is anything in it.
  let since: BootInstant
  /// Mapped for as long as this process lives, and in those that it forks.
  nonisolated(unsafe) private let table: UnsafePointer<closewatch_connect_table>

  /// - Throws: ``SystemCallError`` when the kernel does not let it be mapped.
  init(mapping descriptor: Int32) throws(SystemCallError) {
    let size = MemoryLayout<closewatch_connect_table>.size
    let start = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0)
    guard let start, start != MAP_FAILED else {
      throw SystemCallError("mmap", on: "the table of connects", errno: errno)
    }
    table = UnsafePointer(start.assumingMemoryBound(to: closewatch_connect_table.self))
    since = Clock.boot
  }

  /// Connects that are in no entry, since the beginning.
  var lost: Int {
    Int(clamping: table.pointee.refused).addingClamped(Int(clamping: table.pointee.displaced))
  }

  /// What is in it now, in the order of place and process.
  var counts: [ConnectCount] {
    var found: [ConnectCount] = []
    var entry = closewatch_connect()
    for position in 0..<UInt32(closewatch_connect_entries)
    where closewatch_copy_connect(table, position, &entry) != 0 {
      found.append(ConnectCount(entry))
    }
    // Two threads that began at the same moment may have one each.
    return ConnectCount.merged(found)
  }
}

/// Tells of connects that were lost to the counts since the look before.
struct LostConnects {
  private var before = 0

  /// Whoever looks through one eye after the other tells for them: a new one knows nothing of the
  /// look before, and takes all for new.
  mutating func tell(in sample: inout Sample) {
    sample.gaps.removeAll { $0.kind == .connectsLost }
    let lost = sample.connectTally.lost - before
    before = sample.connectTally.lost
    guard lost > 0 else { return }
    sample.gaps.append(
      Gap(.connectsLost, count: lost, detail: "more processes or places than there is room for"))
  }
}

extension ConnectCount {
  fileprivate init(_ entry: closewatch_connect) {
    let address = withUnsafeBytes(of: entry.remote) { bytes in
      IPAddress(
        high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
        low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
    // proc(5), field 22: the kernel divides by its USER_HZ, which is 100 wherever Linux runs.
    let process = ProcessID(
      pid: Int32(truncatingIfNeeded: entry.process), startTicks: entry.started / 10_000_000)
    self.init(
      namespace: NetnsID(rawValue: entry.name_space), remote: Endpoint(address, entry.port),
      process: process)
    command = withUnsafeBytes(of: entry.command) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    connects = Int(clamping: entry.connects)
    withoutPort = Int(clamping: entry.without_port)
    firstAt = BootInstant(nanoseconds: Int64(clamping: entry.first))
  }
}

/// Has the kernel count connects: by a program of its own, which has libbpf, so that nobody else
/// needs it.
package enum ConnectCounter {
  /// How that program is called for it, and what it says when all is well.
  package static let word = "count-connects"
  package static let ready = "ready"

  /// What it may: to load programs, and such that look at the kernel. linux/capability.h.
  static let rights: UInt64 = 1 << UInt64(CAP_PERFMON) | 1 << UInt64(CAP_BPF)

  /// In milliseconds. It reads what the kernel says of its own types, which takes some 0.2 s.
  private static let patience: Int32 = 10_000

  /// Starts to count. To be called while this process has one thread, before it forks those who
  /// are to read the table. It is counted until this process ends.
  ///
  /// - Parameter program: The path of ``OwnProgram/tracer``.
  package static func start(
    _ program: String = OwnProgram.neighbour(OwnProgram.tracer)
  ) -> ConnectCounting {
    // There a process has another number than the kernel tells.
    guard !HostSightProbe.isInOwnPIDNamespace() else {
      return .refused("it needs the host's PID namespace: hostPID, or --pid=host")
    }
    do throws(SystemCallError) {
      let (words, descriptors) = try answer(of: program)
      defer { descriptors.dropFirst().forEach { close($0) } }
      guard words == ready, descriptors.count == 2 else {
        descriptors.prefix(1).forEach { close($0) }
        return .refused(words.isEmpty ? "\(program) ended without a word" : words)
      }
      // The first is the link: as long as it is open, the program runs.
      return .on(try ConnectCounts(mapping: descriptors[1]))
    } catch {
      return .refused("\(error)")
    }
  }

  private static func answer(
    of program: String
  ) throws(SystemCallError) -> (String, descriptors: [Int32]) {
    let (near, far) = try ForkedEye.socketPair()
    defer { close(near) }
    var arguments = ([program, word] as [String]).map { strdup($0) } + [nil]
    defer { arguments.forEach { free($0) } }
    let pid = try systemCall("fork", on: program) { closewatch_fork() }
    if pid == 0 { become(program, &arguments, far) }
    close(far)
    defer { if closewatch_await_end(pid, 100) == 0 { end(pid) } }
    var waiting = pollfd(fd: near, events: Int16(POLLIN), revents: 0)
    let isThere = try systemCall("poll", on: program) { poll(&waiting, 1, patience) }
    guard isThere > 0 else { return ("\(program) has not answered in \(patience / 1000) s", []) }
    var bytes = [UInt8](repeating: 0, count: 1024)
    var descriptors: [Int32] = [-1, -1]
    var count: Int32 = 2
    let got = closewatch_receive(near, &bytes, UInt(bytes.count), &descriptors, &count, 0)
    let words = String(decoding: bytes.prefix(max(0, got)), as: UTF8.self)
    return (words, Array(descriptors.prefix(Int(count))))
  }

  /// In the forked process: with the rights that it needs and no others, also where root would get
  /// them back.
  private static func become(
    _ program: String, _ arguments: inout [UnsafeMutablePointer<CChar>?], _ far: Int32
  ) -> Never {
    closewatch_end_with_parent()
    guard dup2(far, STDIN_FILENO) == STDIN_FILENO else { _exit(1) }
    closewatch_keep_descriptors([STDIN_FILENO, STDERR_FILENO], 2)
    _ = closewatch_no_new_privileges()
    _ = closewatch_keep_capabilities(rights)
    execv(program, &arguments)
    let reason = SystemCallError("execv", on: program, errno: errno).description
    let bytes = Array(reason.utf8)
    _ = closewatch_send(STDIN_FILENO, bytes, UInt(bytes.count), nil, 0)
    _exit(1)
  }

  private static func end(_ pid: Int32) {
    kill(pid, SIGKILL)
    _ = closewatch_await_end(pid, EndedChildren.patience)
  }
}
