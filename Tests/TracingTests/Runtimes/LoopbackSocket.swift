// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport

/// A connection to a program on this machine.
final class LoopbackSocket {
  private let socket: Int32

  /// - Parameter seconds: How long to go on trying.
  init(port: UInt16, within seconds: Double = 10) throws {
    for _ in 0..<Int(seconds * 50) {
      if let fd = WebClient.connect(to: port) {
        socket = fd
        return
      }
      usleep(20_000)
    }
    throw ChildProgram.Failure("nobody accepts at port \(port)")
  }

  deinit { close(socket) }

  /// Its own port.
  var port: UInt16 {
    var place = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &place) { place in
      place.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &size) }
    }
    return UInt16(bigEndian: place.sin_port)
  }

  func send(_ bytes: [UInt8]) { _ = Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

  /// Says that nothing more comes.
  func finish() { shutdown(socket, Int32(SHUT_WR)) }

  /// What has come; nil at the end, or after 5 s without anything.
  func receive() -> [UInt8]? {
    var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    guard poll(&waiting, 1, 5000) == 1 else { return nil }
    var bytes = [UInt8](repeating: 0, count: 65536)
    let got = recv(socket, &bytes, bytes.count, 0)
    return got > 0 ? Array(bytes[..<got]) : nil
  }
}
