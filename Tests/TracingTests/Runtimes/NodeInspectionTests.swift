// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import TestSupport
import Testing

@testable import Tracing

@Suite struct NodeInspectionTests {
  @Test(.requires(.command("node")))
  func `who listens to a socket is told by place, also where two read alike`() throws {
    let program = try NodeProgram("handlers.js")
    var clients: [LoopbackSocket] = []
    for handler in "udud" {
      let client = try LoopbackSocket(port: program.port)
      client.send([handler.asciiValue ?? 0])
      clients.append(client)
    }
    usleep(200_000)
    program.openDoor()
    #expect(try program.ask().allSatisfy { !$0.hasEnded })
    for client in clients { client.finish() }
    usleep(200_000)
    let sockets = try program.ask(isLast: true)
    for (client, handler) in zip(clients, "udud") {
      let found = sockets.first { $0.peer == Endpoint(.loopbackIPv4, client.port) }
      let ends = found?.listeners.filter { $0.event == "end" }.map(\.function)
      if handler == "d" {
        #expect(found == nil, "it was closed")
      } else {
        #expect(found?.hasEnded == true)
        #expect(ends == [StackFrame(function: "onEnd", file: program.source, line: 8)])
      }
    }
    // Whoever connects now is refused.
    #expect(throws: ChildProgram.Failure.self) { try LoopbackSocket(port: 9229, within: 0.5) }
  }

  @Test func `another process that answers is not believed`() throws {
    var inspection = NodeInspection(pid: 7)
    _ = inspection.begin()
    let wrong = DecodeError.badField(
      table: "the inspector's answer", field: "process", text: "8 instead of 7")
    #expect(throws: wrong) {
      try inspection.take(Array(#"{"id":1,"result":{"result":{"value":8}}}"#.utf8))
    }
  }

  @Test func `any answers end in an error or in fewer names`() throws {
    let listeners = #"[\"end\",0,\"f\"],[\"end\",9,\"g\"],7"#
    let sockets = #"[[\"192.0.2.1\",5,6,true,[\#(listeners)]],[]]"#
    let place =
      #"{"name":"[[FunctionLocation]]","value":{"value":{"scriptId":"9","lineNumber":3}}}"#
    let answers = [
      #"{"id":1,"result":{"result":{"value":7}}}"#, #"{"id":2,"result":{}}"#,
      #"{"id":3,"result":{"result":{"objectId":"1.2"}}}"#,
      #"{"id":4,"result":{"result":[{"name":"sockets","value":{"value":"\#(sockets)"}},"#
        + #"{"name":"functions","value":{"objectId":"1.\"3"}}]}}"#,
      #"{"id":5,"result":{"result":[{"name":"0","value":{"objectId":"1.4"}},{"name":"length"}]}}"#,
      #"{"id":6,"result":{"internalProperties":[\#(place)]}}"#,
    ]
    var inspection = NodeInspection(pid: 7)
    _ = inspection.begin()
    for answer in answers { _ = try inspection.take(Array(answer.utf8)) }
    #expect(inspection.isOver)
    let peer = Endpoint(IPAddress(ipv4: 0xc000_0201), 5)
    #expect(
      inspection.sockets == [
        NodeInspection.Socket(peer: peer, localPort: 6, hasEnded: true, listeners: [])
      ])
    for _ in 0..<300 {
      var inspection = NodeInspection(pid: 7)
      _ = inspection.begin()
      for answer in answers {
        var bytes = Array(answer.utf8)
        for _ in 0..<3 { bytes[Int.random(in: 0..<bytes.count)] = UInt8.random(in: 32..<127) }
        _ = try? inspection.take(bytes)
      }
      #expect(inspection.sockets.count <= 2)
    }
  }

  @Test func `a message is whole however it comes, and none is too large`() throws {
    let text = String(repeating: "a", count: 70_000)
    for size in [5, 200, 70_000] {
      let part = String(text.prefix(size))
      var frame = WebSocketText.frame(part, mask: [0, 0, 0, 0])
      // As a server sends it: without a mask.
      frame[1] &= 0x7f
      let head = size < 126 ? 2 : size < 65536 ? 4 : 10
      frame.removeSubrange(head..<(head + 4))
      var reader = WebSocketText()
      #expect(try reader.take(frame.prefix(head + 3)) == [])
      #expect(try reader.take(frame.dropFirst(head + 3)) == [Array(part.utf8)])
    }
    var reader = WebSocketText()
    let large = DecodeError.badField(
      table: "the inspector's answer", field: "message", text: "too large")
    #expect(throws: large) { try reader.take([0x81, 0x7f, 0, 0, 0, 0, 0xff, 0, 0, 0]) }
    #expect(throws: large) {
      var reader = WebSocketText()
      _ = try reader.take([0x81, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])
    }
  }
}
