// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import TestSupport
import Testing

@testable import LinuxHost

/// What rows cost, and how many are kept for it.
@Suite struct RowMemoryTests {
  /// A kernel with a host full of sockets: one CLOSE_WAIT among many TIME_WAIT.
  private struct CrowdedKernel: DumpTransport {
    let port: UInt32 = 4242
    var left: Int
    private var number: UInt32 = 0
    static let rarity: UInt32 = 1000

    init(sockets: Int) { left = sockets }

    mutating func send(_ request: [UInt8]) throws(SystemCallError) {}

    mutating func receive(
      into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemCallError) -> Int {
      var size = 0
      if left == 0 {
        header(20, type: 3, to: buffer, at: 0)
        buffer.storeBytes(of: 0, toByteOffset: 16, as: UInt32.self)
        return 20
      }
      while left > 0, size + 88 <= buffer.count {
        header(88, type: 20, to: buffer, at: size)
        UnsafeMutableRawBufferPointer(rebasing: buffer[(size + 16)..<(size + 88)])
          .initializeMemory(as: UInt8.self, repeating: 0)
        let isDone = number % Self.rarity != 0
        buffer[size + 16] = 2
        buffer[size + 17] = isDone ? 6 : 8
        // idiag_cookie, idiag_inode.
        buffer.storeBytes(of: number + 1, toByteOffset: size + 16 + 44, as: UInt32.self)
        if !isDone {
          buffer.storeBytes(of: number + 1, toByteOffset: size + 16 + 68, as: UInt32.self)
        }
        number += 1
        left -= 1
        size += 88
      }
      return size
    }

    private func header(
      _ length: UInt32, type: UInt16, to buffer: UnsafeMutableRawBufferPointer, at start: Int
    ) {
      buffer.storeBytes(of: length, toByteOffset: start, as: UInt32.self)
      buffer.storeBytes(of: type, toByteOffset: start + 4, as: UInt16.self)
      buffer.storeBytes(of: 2, toByteOffset: start + 6, as: UInt16.self)
      buffer.storeBytes(of: 3, toByteOffset: start + 8, as: UInt32.self)
      buffer.storeBytes(of: port, toByteOffset: start + 12, as: UInt32.self)
    }
  }

  /// 2 million by hand, in a build with optimization: CLOSEWATCH_ROWS=2000000.
  private static let sockets =
    getenv("CLOSEWATCH_ROWS").flatMap { Int(String(cString: $0)) } ?? 200_000

  @Test func `of a crowd as many are kept as there is memory for, and every leak`() throws {
    let most = Self.sockets / 4
    var bounds = SockDiagDump.Bounds()
    bounds.rows = most
    var kernel = CrowdedKernel(sockets: Self.sockets)
    let dump = SockDiagDump(
      InetDiagRequest(states: .all, sequence: 3), namespace: NetnsID(rawValue: 77), bounds: bounds)
    var budget = RowBudget(most: most)
    var rows: [SocketRow] = []
    rows.reserveCapacity(budget.room(for: Self.sockets))
    let room = rows.capacity
    #expect(room < most / 8 * 9 + 2048)
    budget.begin(rows)
    let began = Clock.monotonicSeconds
    let gaps = try dump.read(over: &kernel, into: &rows, within: &budget)
    budget.finish(&rows)
    print("\(Self.sockets) rows, \(most) kept: \(Clock.monotonicSeconds - began) s")
    #expect(gaps.isEmpty)
    // An array that grows is copied, and is twice there meanwhile.
    #expect(rows.capacity == room)
    #expect(rows.count > most * 7 / 8 && rows.count <= most)
    let leaks = Self.sockets / Int(CrowdedKernel.rarity)
    #expect(rows.filter { $0.state == .closeWait }.count == leaks)
    let leftOut = RowsLeftOut(
      NetnsID(rawValue: 77), .timeWait, count: Self.sockets - rows.count)
    #expect(budget.leftOut == [leftOut])
  }

  /// A connection as sock_diag tells it, with everything that it can have.
  private static func row(from local: IPAddress, to remote: IPAddress) -> SocketRow {
    var row = SocketRow()
    row.namespace = NetnsID(rawValue: 4_026_531_840)
    row.cookie = 0xffff_ffff
    row.inode = 0xffff_ffff
    row.uid = 1000
    row.localAddress = local
    row.remoteAddress = remote
    row.cgroupID = 0xffff
    row.state = .closeWait
    row.receiveQueue = 1
    row.timerMilliseconds = 1
    row.bytesReceived = 1000
    row.segmentsOut = 7
    return row
  }

  /// Of a message with a look that shows these rows.
  private static func size(_ rows: [SocketRow]) -> Int {
    var sample = Sample(takenAt: BootInstant(seconds: 1), wallClockSeconds: 0, states: .all)
    sample.sockets = rows
    var writer = WireWriter()
    HostAnswer.sample(sample).write(to: &writer)
    return writer.bytes.count
  }

  @Test func `a row takes 200 bytes at most, of who looks and who reads together`() {
    let one = Self.row(from: IPAddress(ipv4: 0x0a00_0001), to: IPAddress(ipv4: 0x0a00_0002))
    // Nothing is as in the row before.
    var other = one
    other.uid += 1
    other.localAddress = IPAddress(ipv4: 0x0a00_0003)
    let wide = Self.row(
      from: .loopbackIPv6, to: IPAddress(high: 0x2001_0db8_0000_0000, low: 1))
    for rows in [[one, other], [wide, wide]] {
      let many = Array([[SocketRow]](repeating: rows, count: 1000).joined())
      let message = (Self.size(many) - Self.size([])) / many.count
      // Who reads has made a row of the message, of which the inode is kept by who has looked.
      let most = MemoryLayout<SocketRow>.stride + message + MemoryLayout<UInt64>.size
      #expect(most <= LiveHost.bytesOfRow, "\(message) bytes in a message")
    }
  }

  @Test func `the pages of a row go back when it is written, and the message is the same`() {
    var rows = [SocketRow](
      repeating: Self.row(from: .loopbackIPv4, to: .loopbackIPv6), count: 20_000)
    for index in rows.indices { rows[index].inode = UInt64(index + 1) }
    var whole = WireWriter()
    whole.put(rows)
    var writer = WireWriter()
    writer.takesBack = ReturnedMemory.pagesGoBack
    writer.put(rows)
    #expect(writer.bytes == whole.bytes)
    // What was given back is zero. Where rows begin and end a page is not theirs alone.
    let left = rows.count { $0.inode != 0 }
    #expect(left <= 2 * 4096 / MemoryLayout<SocketRow>.stride + 1, "\(left) rows are left")
  }

  @Test func `the memory of a service bounds the rows of its looks`() {
    let directory = TemporaryDirectory()
    func write(_ text: String, to path: String) {
      let folder = path.split(separator: "/").dropLast().joined(separator: "/")
      mkdir("\(directory.path)/\(folder)", 0o755)
      directory.write(path, Array(text.utf8))
    }
    func bound(_ path: String) -> Int? {
      OwnCgroup.memoryBound(of: path, below: directory.path)
    }
    #expect(bound("/slice/service") == nil)
    write("max\n", to: "slice/memory.high")
    write("max\n", to: "slice/memory.max")
    mkdir("\(directory.path)/slice/service", 0o755)
    write("201326592\n", to: "slice/service/memory.high")
    write("268435456\n", to: "slice/service/memory.max")
    #expect(bound("/slice/service") == 192 << 20)
    #expect(bound("/slice") == nil)
    // What it is in counts too: a small slice is a small service.
    write("67108864\n", to: "slice/memory.max")
    #expect(bound("/slice/service") == 64 << 20)
    // In a namespace of its own it is at the top.
    write("134217728\n", to: "memory.max")
    #expect(bound("/") == 128 << 20)
  }
}
