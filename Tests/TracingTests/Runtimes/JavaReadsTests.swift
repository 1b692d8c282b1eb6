// SPDX-License-Identifier: Apache-2.0

import KernelTables
import TestSupport
import Testing

@testable import Tracing

@Suite struct JavaReadsTests {
  private let loopback = IPAddress.loopbackIPv4
  private let peers: Set<Endpoint> = [
    Endpoint(.loopbackIPv4, 40002), Endpoint(.loopbackIPv4, 40003),
    Endpoint(IPAddress(ipv4: 0xc000_0201), 7),
  ]

  @Test func `the end of a connection is told where it was read`() throws {
    var reads = JavaReads(of: peers)
    reads.take(try Fixture.bytes("runtimes/jfr.json"))
    #expect(reads.count == 3)
    #expect(reads.unread == 0)
    let leaking = reads.frames(atEndOf: Endpoint(loopback, 40003), thread: nil)
    #expect(leaking.first?.function == "java.net.Socket$SocketInputStream.read")
    let own = leaking.filter(\.isOwn).map { "\($0.function ?? "?"):\($0.line ?? 0)" }
    #expect(own == ["Leak.handleUpload:3", "Leak.handle:5", "Leak.lambda$serve$0:6"])
    let clean = reads.frames(atEndOf: Endpoint(loopback, 40002), thread: nil)
    #expect(clean.first(where: \.isOwn)?.function == "Leak.handleGood")
  }

  @Test func `a connection of another thread or port is not blamed`() throws {
    var reads = JavaReads(of: peers)
    reads.take(try Fixture.bytes("runtimes/jfr.json"))
    let peer = Endpoint(loopback, 40003)
    #expect(reads.frames(atEndOf: peer, thread: 1) == [])
    #expect(reads.frames(atEndOf: Endpoint(loopback, 40001), thread: nil) == [])
    #expect(reads.frames(atEndOf: Endpoint(.loopbackIPv6, 40003), thread: nil) == [])
  }

  @Test func `of two connections with one port the newer counts`() throws {
    func event(_ time: String, _ method: String) -> [UInt8] {
      Array(
        """
        {"recording": {"events": [{"type": "jdk.SocketRead", "values": {"startTime": "\(time)",
        "address": "192.0.2.1", "port": 7, "bytesRead": 0, "endOfStream": true, "stackTrace":
        {"frames": [{"method": {"name": "\(method)", "type": {"name": "app/A"}}}]}}}]}}
        """.utf8)
    }
    let old = event("2026-11-29T15:43:46.05Z", "old")
    let new = event("2026-11-29T15:43:46.057737189Z", "new")
    for order in [[old, new], [new, old]] {
      var reads = JavaReads(of: peers)
      order.forEach { reads.take($0) }
      let peer = Endpoint(IPAddress(ipv4: 0xc000_0201), 7)
      #expect(reads.frames(atEndOf: peer, thread: nil).map(\.function) == ["app.A.new"])
    }
  }

  @Test func `of connections that nobody asked for nothing is kept`() throws {
    var reads = JavaReads(of: [Endpoint(loopback, 40002)])
    reads.take(try Fixture.bytes("runtimes/jfr.json"))
    #expect(reads.frames(atEndOf: Endpoint(loopback, 40003), thread: nil) == [])
    #expect(reads.frames(atEndOf: Endpoint(loopback, 40002), thread: nil) != [])
  }

  @Test func `an event that is too large is counted`() throws {
    var reads = JavaReads(of: peers)
    let long = String(repeating: "a", count: 1 << 20)
    reads.take(Array(#"{"recording": {"events": [{"type": "\#(long)"}]}}"#.utf8))
    #expect(reads.unread == 1)
  }

  @Test func `a recording that ends early or has wrong bytes costs events only`() throws {
    let whole = try Fixture.bytes("runtimes/jfr.json")
    for _ in 0..<50 {
      var bytes = whole
      for _ in 0..<20 { bytes[Int.random(in: 0..<bytes.count)] = UInt8.random(in: 0...255) }
      var reads = JavaReads(of: peers)
      reads.take(bytes.prefix(Int.random(in: 0...bytes.count)))
      #expect(reads.count <= 3)
    }
    var reads = JavaReads(of: peers)
    reads.take(Array(#"{"recording": {"events": [{"type": "jdk.SocketRead"}, {}]}}"#.utf8))
    #expect(reads.unread == 2)
  }

  @Test(.requires(.command("java"), .command("javac"), .command("jcmd"), .command("jfr")))
  func `a JVM takes the settings, and records nothing besides`() throws {
    let folder = TemporaryDirectory()
    folder.write("settings.jfc", Array(JavaReads.settings.utf8))
    let program = try JavaProgram("Reading", in: folder)
    let pid = String(program.child.pid)
    let begun = try ChildProgram.run(
      "jcmd", [pid, "JFR.start", "name=test", "settings=\(folder.path)/settings.jfc"])
    #expect(begun.status == 0, "\(begun.lines)")
    program.child.send("read")
    let port = try #require(UInt16(try program.child.readLine() ?? ""))
    let recording = "\(folder.path)/recording.jfr"
    #expect(
      try ChildProgram.run("jcmd", [pid, "JFR.dump", "name=test", "filename=\(recording)"]).status
        == 0)
    let printed = try ChildProgram.run(
      "jfr", ["print", "--json", "--stack-depth", "64", recording])
    var reads = JavaReads(of: [Endpoint(loopback, port)])
    for line in printed.lines { reads.take(Array(line.utf8) + [10]) }
    #expect(reads.unread == 0, "another event is in it")
    let frames = reads.frames(atEndOf: Endpoint(loopback, port), thread: nil)
    let own = frames.filter(\.isOwn).map { "\($0.function ?? "?"):\($0.line ?? 0)" }
    #expect(own == ["Reading.readAll:13", "Reading.main:23"])
  }
}
