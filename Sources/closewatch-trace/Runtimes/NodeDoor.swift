// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables
import LinuxHost
import Tracing

/// The debugger's door of a Node, opened for one question and closed again (`--use-inspector`).
///
/// Meanwhile every user of the same network namespace can go through it.
final class NodeDoor {
  private let pid: Int32
  private let port: UInt16

  private static let openingSeconds = 3.0
  private static let askingSeconds = 20.0

  /// Has it opened.
  ///
  /// - Parameter listening: The ports on which the process listens.
  /// - Throws: ``HostError`` when none is opened: it is open already, or switched off.
  init(_ record: ProcessRecord, listening: () throws(HostError) -> Set<UInt16>) throws(HostError) {
    pid = record.id.pid
    guard record.runtime == .node else { throw HostError("process \(pid) is no Node") }
    let before = try listening()
    guard kill(pid, SIGUSR1) == 0 else { throw HostError("cannot signal process \(pid)") }
    let deadline = Clock.monotonicSeconds + Self.openingSeconds
    while Clock.monotonicSeconds < deadline {
      if let port = try listening().subtracting(before).first {
        self.port = port
        return
      }
      usleep(50_000)
    }
    throw HostError(
      "process \(pid) opens no inspector: port 9229 is taken, it is open already, or SIGUSR1 is"
        + " switched off")
  }

  /// Asks, and closes it.
  ///
  /// - Throws: ``HostError`` when it does not answer as expected.
  func ask() throws(HostError) -> [NodeInspection.Socket] {
    let deadline = Clock.monotonicSeconds + Self.askingSeconds
    let list = try InspectorSocket(pid, port)
    try list.send(Array("GET /json HTTP/1.0\r\nHost: 127.0.0.1:\(port)\r\n\r\n".utf8))
    var answer: [UInt8] = []
    while NodeInspection.path(inAnswer: answer) == nil {
      answer += try list.receive(until: deadline)
      guard answer.count < 1 << 16 else { throw HostError("the inspector does not speak") }
    }
    let socket = try InspectorSocket(pid, port)
    try socket.send(
      NodeInspection.greeting(path: NodeInspection.path(inAnswer: answer) ?? "", port: port))
    var rest: [UInt8] = []
    while !rest.suffix(4).elementsEqual("\r\n\r\n".utf8) {
      rest += try socket.receive(until: deadline)
      guard rest.count < 1 << 16 else { throw HostError("the inspector does not speak") }
    }
    var inspection = NodeInspection(pid: ownNumber)
    defer {
      // It ends the conversation itself.
      for message in inspection.end() { try? socket.send(NodeInspection.frame(message)) }
      usleep(100_000)
    }
    for message in inspection.begin() { try socket.send(NodeInspection.frame(message)) }
    do {
      while !inspection.isOver {
        for message in try inspection.take(frames: socket.receive(until: deadline)) {
          try socket.send(NodeInspection.frame(message))
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

  /// The process, as it counts itself in its own namespace.
  private var ownNumber: Int32 {
    let bytes = (try? readFile("/proc/\(pid)/status", limit: 8192)) ?? []
    let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix("NSpid:") }
    return line?.split(whereSeparator: { $0 == "\t" || $0 == " " }).last.flatMap { Int32($0) }
      ?? pid
  }
}

/// A connection within the network namespace of a process.
private final class InspectorSocket {
  private let fd: Int32

  init(_ pid: Int32, _ port: UInt16) throws(HostError) {
    let own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)
    let other = open("/proc/\(pid)/ns/net", O_RDONLY | O_CLOEXEC)
    defer {
      close(own)
      close(other)
    }
    guard own >= 0, other >= 0, closewatch_setns(other, closewatch_network_namespace) == 0 else {
      throw HostError("cannot enter the network namespace of process \(pid): errno \(errno)")
    }
    fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
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
    guard connected == 0 else { throw HostError("the inspector at port \(port): errno \(errno)") }
  }

  deinit { if fd >= 0 { close(fd) } }

  func send(_ bytes: [UInt8]) throws(HostError) {
    guard Glibc.send(fd, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
      throw HostError("the inspector does not listen: errno \(errno)")
    }
  }

  func receive(until deadline: Double) throws(HostError) -> [UInt8] {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let left = max(0, deadline - Clock.monotonicSeconds)
    var asked = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
    guard poll(&asked, 1, Int32(left * 1000)) > 0 else {
      throw HostError("the inspector does not answer in time")
    }
    let got = recv(fd, &chunk, chunk.count, 0)
    guard got > 0 else { throw HostError("the inspector has hung up") }
    return Array(chunk[..<got])
  }
}
