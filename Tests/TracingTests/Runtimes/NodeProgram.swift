// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport

@testable import Tracing

/// A Node program of `Tests/TracingTests/Programs` that runs, unprepared.
final class NodeProgram {
  let child: ChildProgram
  let source: String
  let port: UInt16

  init(_ name: String) throws {
    let sources = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    source = "/\(sources)/Programs/\(name)"
    child = try ChildProgram("node", [source])
    guard let port = try child.readLine().flatMap({ UInt16($0) }) else {
      throw ChildProgram.Failure("\(name) says no port")
    }
    self.port = port
  }

  /// Has it open the debugger's door.
  func openDoor() { kill(child.pid, SIGUSR1) }

  /// Has a conversation, and has the door closed at the end of the last one.
  func ask(isLast: Bool = false) throws -> [NodeInspection.Socket] {
    let list = try LoopbackSocket(port: 9229)
    list.send(Array("GET /json HTTP/1.0\r\nHost: 127.0.0.1:9229\r\n\r\n".utf8))
    var answer: [UInt8] = []
    while NodeInspection.path(inAnswer: answer) == nil, let bytes = list.receive() {
      answer += bytes
    }
    guard let path = NodeInspection.path(inAnswer: answer) else {
      throw ChildProgram.Failure("no inspector: \(String(decoding: answer, as: UTF8.self))")
    }
    let socket = try LoopbackSocket(port: 9229)
    let key = "AAAAAAAAAAAAAAAAAAAAAA=="
    socket.send(Array(WebSocketText.request(path: path, port: 9229, key: key).utf8))
    guard let greeting = socket.receive(), greeting.suffix(4).elementsEqual("\r\n\r\n".utf8) else {
      throw ChildProgram.Failure("the inspector does not speak")
    }
    func send(_ text: String) { socket.send(WebSocketText.frame(text, mask: [1, 2, 3, 4])) }
    var inspection = NodeInspection(pid: child.pid)
    var reader = WebSocketText()
    inspection.begin().forEach(send)
    while !inspection.isOver {
      guard let bytes = socket.receive() else { throw ChildProgram.Failure("the inspector ends") }
      for message in try reader.take(bytes) { try inspection.take(message).forEach(send) }
    }
    if isLast {
      inspection.end().forEach(send)
      usleep(200_000)
      socket.finish()
    }
    return inspection.sockets
  }
}
