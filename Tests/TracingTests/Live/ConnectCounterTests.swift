// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables
import LinuxHost
import TestSupport
import Testing

/// The program that counts connects, in this kernel, and the table that it is read from.
@Suite(.serialized, .requires(.root, .tracing)) struct ConnectCounterTests {
  private static let program = ChildProgram.built("closewatch-trace")

  /// A host that counts; each test has a table of its own.
  private func host() throws -> LiveHost {
    let counting = ConnectCounter.start(Self.program)
    if case .refused(let why) = counting { throw ChildProgram.Failure(why) }
    var host = LiveHost()
    host.connects = counting
    return host
  }

  private func address(_ address: UInt32, _ port: UInt16) -> sockaddr_in {
    sockaddr_in(
      sin_family: sa_family_t(AF_INET), sin_port: port.bigEndian,
      sin_addr: in_addr(s_addr: address.bigEndian), sin_zero: (0, 0, 0, 0, 0, 0, 0, 0))
  }

  /// Connects and closes, so often. Whether anybody answers makes no difference.
  private func connect(to ipv4: UInt32, _ port: UInt16, times: Int) {
    var place = address(ipv4, port)
    for _ in 0..<times {
      let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      withUnsafePointer(to: &place) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          _ = Glibc.connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      close(fd)
    }
  }

  private func count(_ sample: Sample, to ipv4: UInt32, _ port: UInt16) -> ConnectCount? {
    let found = sample.connects.filter { $0.remote == Endpoint(IPAddress(ipv4: ipv4), port) }
    #expect(found.count <= 1)
    return found.first
  }

  private var startTicks: UInt64? {
    let stat = readBytes("/proc/self/stat").map { String(decoding: $0, as: UTF8.self) } ?? ""
    return stat.split(separator: ")").last?.split(separator: " ").dropFirst(19).first
      .flatMap { UInt64($0) }
  }

  // 127.83.7.x: nobody else's.
  private static let place: UInt32 = 0x7f53_0701

  @Test func `each connect is counted, by process, start and place`() throws {
    var host = try host()
    connect(to: Self.place, 9, times: 1717)
    connect(to: Self.place, 10, times: 1)
    let sample = try host.takeSample(SampleRequest())
    let found = try #require(count(sample, to: Self.place, 9))
    #expect(found.connects == 1717)
    #expect(found.withoutPort == 0)
    #expect(found.process == ProcessID(pid: getpid(), startTicks: try #require(startTicks)))
    #expect(sample.namespaces.first { $0.isOwn }?.id == found.namespace)
    #expect(!found.command.isEmpty)
    let since = try #require(sample.connectTally.since)
    #expect(found.firstAt >= since && found.firstAt <= sample.takenAt)
    #expect(count(sample, to: Self.place, 10)?.connects == 1)
    connect(to: Self.place, 9, times: 3)
    let later = try host.takeSample(SampleRequest())
    #expect(count(later, to: Self.place, 9)?.connects == 1720)
    #expect(!later.gaps.contains { $0.kind == .connectsUncounted || $0.kind == .connectsLost })
  }

  @Test func `threads that connect at once are counted to the last connect`() throws {
    var host = try host()
    let threads = (0..<4).map { _ in Thread { self.connect(to: Self.place, 11, times: 2000) } }
    threads.forEach { $0.join() }
    let sample = try host.takeSample(SampleRequest())
    #expect(count(sample, to: Self.place, 11)?.connects == 8000)
  }

  @Test func `a connect that finds no local port is told apart`() throws {
    var host = try host()
    let namespace = try ChildProgram(
      "unshare",
      [
        "--net", "bash", "-c",
        """
        ip link set lo up
        sysctl -qw net.ipv4.ip_local_port_range='40000 40019'
        exec python3 -c '
        import socket
        server = socket.socket()
        server.bind(("127.83.7.1", 12))
        server.listen(100)
        kept, refused = [], 0
        for _ in range(50):
            client = socket.socket()
            try:
                client.connect(("127.83.7.1", 12))
                kept.append(client)
            except OSError:
                refused += 1
        print(len(kept), refused, flush=True)
        input()
        '
        """,
      ])
    let line = try #require(try namespace.readLine())
    let numbers = line.split(separator: " ").compactMap { Int($0) }
    let sample = try host.takeSample(SampleRequest())
    let found = try #require(count(sample, to: Self.place, 12))
    #expect(found.process.pid == namespace.pid)
    #expect(found.command == "python3")
    #expect(numbers.last ?? 0 > 0)
    #expect([found.connects - found.withoutPort, found.withoutPort] == numbers)
  }

  @Test func `when there is no more room that is told, and who connects most stays exact`() throws {
    var host = try host()
    connect(to: Self.place, 13, times: 500)
    // Twice as many places as there is room for, none of which is worth less than the others.
    for number in 0..<UInt32(2 * closewatch_connect_entries) {
      connect(to: 0x7f60_0000 + number, 9, times: 8)
    }
    connect(to: Self.place, 13, times: 500)
    let sample = try host.takeSample(SampleRequest())
    #expect(count(sample, to: Self.place, 13)?.connects == 1000)
    // Who comes when all is taken, and comes often, gets in after the first few.
    connect(to: Self.place, 15, times: 500)
    let newcomer = try #require(count(try host.takeSample(SampleRequest()), to: Self.place, 15))
    #expect((440...500).contains(newcomer.connects), "\(newcomer.connects)")
    let told = try #require(sample.gaps.first { $0.kind == .connectsLost })
    #expect(sample.connectTally.lost == told.count)
    // Every connect is in the table or told.
    let shown = sample.connects.filter {
      $0.process.pid == getpid() && $0.remote.address.low >> 16 & 0xffff == 0x7f60
    }.reduce(0) { $0 + $1.connects }
    #expect(shown + told.count >= 16 * closewatch_connect_entries)
    // Told once: the next look tells what was lost since.
    let next = try host.takeSample(SampleRequest())
    let since = next.gaps.first { $0.kind == .connectsLost }?.count ?? 0
    #expect(since < told.count)
  }

  @Test func `those who come once give way to each other and to who comes often`() throws {
    var host = try host()
    for number in 0..<UInt32(4 * closewatch_connect_entries) {
      connect(to: 0x7f70_0000 + number, 9, times: 1)
    }
    connect(to: Self.place, 14, times: 100)
    let sample = try host.takeSample(SampleRequest())
    #expect(count(sample, to: Self.place, 14)?.connects == 100)
    #expect(sample.gaps.contains { $0.kind == .connectsLost })
  }

  @Test func `without the program the reason is told at each look, and nothing else changes`()
    throws
  {
    let counting = ConnectCounter.start("/nowhere/closewatch-trace")
    guard case .refused(let why) = counting else { throw ChildProgram.Failure("it counts") }
    #expect(why == "execv /nowhere/closewatch-trace: No such file or directory (ENOENT)")
    var host = LiveHost()
    host.connects = counting
    for _ in 0..<2 {
      let sample = try host.takeSample(SampleRequest())
      #expect(sample.gaps.filter { $0.kind == .connectsUncounted }.map(\.detail) == [why])
      #expect(sample.connects == [])
      #expect(sample.connectTally == ConnectTally())
    }
  }

  @Test func `nobody calls that program by hand`() throws {
    let program = try ChildProgram("sh", ["-c", "\(Self.program) count-connects 2>&1 </dev/null"])
    #expect(
      try program.readLine()
        == "closewatch: count-connects is for the daemon: set sampling.events to on")
    #expect(program.end() == 2)
  }

  /// A thread for one piece of work.
  private final class Thread {
    private let body: () -> Void
    private var handle = pthread_t()

    init(_ body: @escaping () -> Void) {
      self.body = body
      pthread_create(
        &handle, nil,
        { pointer in
          guard let pointer else { return nil }
          Unmanaged<Thread>.fromOpaque(pointer).takeUnretainedValue().body()
          return nil
        }, Unmanaged.passUnretained(self).toOpaque())
    }

    func join() { pthread_join(handle, nil) }
  }
}
