// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import LinuxHost
import Testing

/// A kernel that says what a test lets it say.
private struct ScriptedKernel: DumpTransport {
  let port: UInt32 = 4242
  var replies: [Result<[UInt8], SystemCallError>]
  var sent: [[UInt8]] = []

  mutating func send(_ request: [UInt8]) throws(SystemCallError) { sent.append(request) }

  mutating func receive(
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(SystemCallError) -> Int {
    guard !replies.isEmpty else {
      throw SystemCallError("recv", on: "script", errno: EAGAIN)
    }
    let reply = try replies.removeFirst().get()
    buffer.copyBytes(from: reply.prefix(buffer.count))
    return reply.count
  }
}

@Suite struct SockDiagDumpTests {
  private static func message(type: UInt16, flags: UInt16 = 2, _ payload: [UInt8]) -> [UInt8] {
    func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
      withUnsafeBytes(of: number) { Array($0) }
    }
    var message = bytes(UInt32(16 + payload.count))
    message += bytes(type)
    message += bytes(flags)
    message += bytes(UInt32(3))
    message += bytes(UInt32(4242))
    return message + payload
  }

  private static let socket = message(type: 18, [2, 8] + [UInt8](repeating: 0, count: 70))
  private static let done = message(type: 3, [0, 0, 0, 0])

  private static func failure(_ errno: Int32) -> Result<[UInt8], SystemCallError> {
    .failure(SystemCallError("recv", on: "script", errno: errno))
  }

  private static func dump(
    _ replies: [Result<[UInt8], SystemCallError>],
    bounds: SockDiagDump.Bounds = SockDiagDump.Bounds(), into rows: inout [SocketRow]
  ) throws(SystemCallError) -> [Gap] {
    var kernel = ScriptedKernel(replies: replies)
    let dump = SockDiagDump(
      InetDiagRequest(states: .all, sequence: 3), namespace: NetnsID(rawValue: 77),
      bounds: bounds)
    return try dump.read(over: &kernel, into: &rows)
  }

  private static func refusal(_ errno: Int32) -> SystemCallError {
    SystemCallError("sock_diag dump", on: "network namespace 77", errno: errno)
  }

  @Test func `a whole answer has no gap`() throws {
    var rows: [SocketRow] = []
    let gaps = try Self.dump(
      [.success(Self.socket + Self.socket), .success(Self.done)], into: &rows)
    #expect(rows.count == 2)
    #expect(gaps.isEmpty)
  }

  @Test func `a kernel that never answers is a timeout and not a wait for ever`() {
    var rows: [SocketRow] = []
    #expect(throws: Self.refusal(ETIMEDOUT)) {
      _ = try Self.dump([.success(Self.socket)], into: &rows)
    }
  }

  @Test(arguments: [ENOENT, EPERM, EOPNOTSUPP])
  func `a refusal carries the kernel's reason`(errno: Int32) {
    var rows: [SocketRow] = []
    let code = withUnsafeBytes(of: -errno) { Array($0) }
    #expect(throws: Self.refusal(errno)) {
      _ = try Self.dump([.success(Self.message(type: 2, code))], into: &rows)
    }
  }

  @Test func `a dump that breaks off in its DONE is refused`() {
    var rows: [SocketRow] = []
    let code = withUnsafeBytes(of: -ENOMEM) { Array($0) }
    #expect(throws: Self.refusal(ENOMEM)) {
      _ = try Self.dump(
        [.success(Self.socket), .success(Self.message(type: 3, code))], into: &rows)
    }
  }

  @Test func `ENOBUFS costs a gap and not the dump`() throws {
    var rows: [SocketRow] = []
    let gaps = try Self.dump(
      [.success(Self.socket), Self.failure(ENOBUFS), .success(Self.done)], into: &rows)
    #expect(rows.count == 1)
    #expect(gaps.map(\.kind) == [.dumpInterrupted])
  }

  @Test func `ENOBUFS without end is a refusal`() {
    var rows: [SocketRow] = []
    var bounds = SockDiagDump.Bounds()
    bounds.lostDatagrams = 2
    #expect(throws: Self.refusal(ENOBUFS)) {
      _ = try Self.dump(
        Array(repeating: Self.failure(ENOBUFS), count: 3), bounds: bounds, into: &rows)
    }
  }

  @Test func `a changed table and an undecodable row are gaps`() throws {
    var rows: [SocketRow] = []
    let changed = Self.message(type: 18, flags: 0x12, [1] + [UInt8](repeating: 0, count: 71))
    let gaps = try Self.dump([.success(changed), .success(Self.done)], into: &rows)
    #expect(rows.isEmpty)
    #expect(gaps.map(\.kind) == [.dumpInterrupted, .rowUndecodable])
    #expect(gaps.last?.detail == "inet_diag_msg: idiag_family is not readable: '1'")
  }

  @Test func `of more rows than the bound the rest is counted, and a gap says so`() throws {
    var rows: [SocketRow] = []
    var bounds = SockDiagDump.Bounds()
    bounds.rows = 3
    let gaps = try Self.dump(
      Array(repeating: .success(Self.socket + Self.socket), count: 5) + [.success(Self.done)],
      bounds: bounds, into: &rows)
    #expect(rows.count == 3)
    #expect(gaps.map(\.kind) == [.boundReached])
    #expect(gaps.first?.count == 7)
  }

  @Test func `a datagram larger than the buffer is a gap`() throws {
    var rows: [SocketRow] = []
    let long = Array(repeating: Self.socket, count: 400).flatMap { $0 }
    let gaps = try Self.dump([.success(long), .success(Self.done)], into: &rows)
    #expect(long.count == 35200)
    #expect(rows.count == 372)
    #expect(gaps.map(\.kind) == [.dumpInterrupted, .rowUndecodable])
  }

  @Test func `an empty datagram is an error and no busy loop`() {
    var rows: [SocketRow] = []
    #expect(throws: Self.refusal(EIO)) { _ = try Self.dump([.success([])], into: &rows) }
  }
}
