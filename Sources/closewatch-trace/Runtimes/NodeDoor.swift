// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables
import LinuxHost
import Tracing

/// The debugger's door of a Node, opened for one question and closed again (`--use-inspector`).
///
/// Meanwhile every user of the same network namespace can go through it.
struct NodeDoor {
  private let process: WatchedProcess
  /// What is left open.
  private(set) var remark: String?

  private static let openingSeconds = 3.0
  private static let askingSeconds = 20.0
  private static let closingSeconds = 5.0

  init(_ process: WatchedProcess) { self.process = process }

  /// Has it opened, asks, and has it closed whatever comes.
  ///
  /// - Parameter listening: The ports on which the process listens.
  /// - Throws: ``HostError`` when none is opened: it is open already, or switched off. Or when it
  ///   does not answer as expected.
  mutating func ask(
    listening: () throws(HostError) -> Set<UInt16>
  ) throws(HostError) -> [NodeInspection.Socket] {
    guard process.record.runtime == .node else { throw HostError("process \(pid) is no Node") }
    let before = try listening()
    // Whoever has no handler for it would be ended by it.
    guard process.runsSameImage, process.catches(SIGUSR1) else {
      throw HostError("process \(pid) has no handler for SIGUSR1 any more, or it is switched off")
    }
    guard process.send(SIGUSR1) else { throw HostError("cannot signal process \(pid)") }
    remark = "the debugger of process \(pid) may still be open"
    let port = try opened(since: before, listening)
    defer { finish(port, listening) }
    return try converse(port)
  }

  private var pid: Int32 { process.record.id.pid }

  private func opened(
    since before: Set<UInt16>, _ listening: () throws(HostError) -> Set<UInt16>
  ) throws(HostError) -> UInt16 {
    let deadline = Clock.monotonicSeconds + Self.openingSeconds
    while Clock.monotonicSeconds < deadline {
      let new = try listening().subtracting(before)
      // The program may open others, and this one is usual.
      if let port = new.contains(9229) ? 9229 : new.min() { return port }
      usleep(50_000)
    }
    throw HostError(
      "process \(pid) opens no inspector: port 9229 is taken, it is open already, or SIGUSR1 is"
        + " switched off")
  }

  /// Has it closed until it is: the conversation may have failed before it said so.
  private mutating func finish(
    _ port: UInt16, _ listening: () throws(HostError) -> Set<UInt16>
  ) {
    let deadline = Clock.monotonicSeconds + Self.closingSeconds
    while process.isAlive {
      if let ports = try? listening(), !ports.contains(port) { break }
      guard Clock.monotonicSeconds < deadline else {
        remark = "the debugger of process \(pid) is still open at port \(port)"
        return
      }
      if let socket = try? greet(port, until: deadline) {
        var inspection = NodeInspection(pid: pid)
        end(&inspection, socket, until: deadline)
      }
      usleep(100_000)
    }
    remark = nil
  }

  private func end(
    _ inspection: inout NodeInspection, _ socket: InspectorSocket, until deadline: Double
  ) {
    // It ends the conversation itself.
    for message in inspection.end() {
      try? socket.send(NodeInspection.frame(message), until: deadline)
    }
    usleep(100_000)
  }

  /// A conversation that has begun.
  private func greet(
    _ port: UInt16, until deadline: Double
  ) throws(HostError) -> InspectorSocket {
    let list = try InspectorSocket(pid, port, until: deadline)
    let request = "GET /json HTTP/1.0\r\nHost: 127.0.0.1:\(port)\r\n\r\n"
    try list.send(Array(request.utf8), until: deadline)
    var answer: [UInt8] = []
    while NodeInspection.path(inAnswer: answer) == nil {
      answer += try list.receive(until: deadline)
      guard answer.count < 1 << 16 else { throw HostError("the inspector does not speak") }
    }
    let socket = try InspectorSocket(pid, port, until: deadline)
    try socket.send(
      NodeInspection.greeting(path: NodeInspection.path(inAnswer: answer) ?? "", port: port),
      until: deadline)
    var rest: [UInt8] = []
    while !rest.suffix(4).elementsEqual("\r\n\r\n".utf8) {
      rest += try socket.receive(until: deadline)
      guard rest.count < 1 << 16 else { throw HostError("the inspector does not speak") }
    }
    return socket
  }

  private func converse(_ port: UInt16) throws(HostError) -> [NodeInspection.Socket] {
    let deadline = Clock.monotonicSeconds + Self.askingSeconds
    let socket = try greet(port, until: deadline)
    var inspection = NodeInspection(pid: process.numbers.last ?? pid)
    defer { end(&inspection, socket, until: deadline) }
    for message in inspection.begin() {
      try socket.send(NodeInspection.frame(message), until: deadline)
    }
    do {
      while !inspection.isOver {
        for message in try inspection.take(frames: socket.receive(until: deadline)) {
          try socket.send(NodeInspection.frame(message), until: deadline)
        }
      }
    } catch let error as DecodeError {
      throw HostError("\(error)")
    } catch let error as HostError {
      throw error
    } catch {
      throw HostError("the inspector does not answer")
    }
    return inspection.sockets
  }
}

/// A connection within the network namespace of a process.
private final class InspectorSocket {
  private let fd: Int32

  init(_ pid: Int32, _ port: UInt16, until deadline: Double) throws(HostError) {
    let own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)
    let other = open("/proc/\(pid)/ns/net", O_RDONLY | O_CLOEXEC)
    defer {
      close(own)
      close(other)
    }
    guard own >= 0, other >= 0, closewatch_setns(other, closewatch_network_namespace) == 0 else {
      throw HostError(
        "cannot enter the network namespace of process \(pid): \(Self.reason(errno))")
    }
    let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    fd = socket(AF_INET, Int32(kind), 0)
    // A socket stays in the namespace that it was made in.
    guard closewatch_setns(own, closewatch_network_namespace) == 0 else {
      throw HostError("cannot come back from the network namespace of process \(pid)")
    }
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = port.bigEndian
    place.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let connected = withUnsafePointer(to: &place) { place in
      place.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 || errno == EINPROGRESS else {
      throw HostError("the inspector at port \(port): \(Self.reason(errno))")
    }
    try wait(for: POLLOUT, until: deadline)
    var failure: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size)
    guard failure == 0 else {
      throw HostError("the inspector at port \(port): \(Self.reason(failure))")
    }
  }

  deinit { if fd >= 0 { close(fd) } }

  private static func reason(_ errno: Int32) -> String {
    SystemCallError("connect", on: "the inspector", errno: errno).reason
  }

  func send(_ bytes: [UInt8], until deadline: Double) throws(HostError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      try wait(for: POLLOUT, until: deadline)
      let sent = rest.withUnsafeBytes {
        Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if sent < 0, errno == EAGAIN || errno == EINTR { continue }
      guard sent > 0 else {
        throw HostError("the inspector does not listen: \(Self.reason(errno))")
      }
      rest = rest.dropFirst(sent)
    }
  }

  func receive(until deadline: Double) throws(HostError) -> [UInt8] {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    try wait(for: POLLIN, until: deadline)
    let got = recv(fd, &chunk, chunk.count, 0)
    guard got > 0 else { throw HostError("the inspector has hung up") }
    return Array(chunk[..<got])
  }

  private func wait(for events: Int32, until deadline: Double) throws(HostError) {
    let left = deadline - Clock.monotonicSeconds
    var asked = pollfd(fd: fd, events: Int16(events), revents: 0)
    guard left > 0, poll(&asked, 1, Int32((left * 1000).rounded(.up))) > 0 else {
      throw HostError("the inspector does not answer in time")
    }
  }
}
