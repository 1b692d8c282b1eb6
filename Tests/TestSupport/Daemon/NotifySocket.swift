// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What a service manager listens on: sd_notify(3).
package final class NotifySocket {
  /// Nothing that was waited for has come.
  package struct Silence: Error {
    /// What came instead.
    package var messages: [[String]]
  }

  package let path: String
  private let socket: Int32

  package init(_ path: String) throws {
    self.path = path
    socket = Glibc.socket(
      AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = UInt16(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let status = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard status == 0 else { throw Silence(messages: [["bind \(path): errno \(errno)"]]) }
  }

  deinit { close(socket) }

  /// The next message that is like this, as its lines.
  @discardableResult
  package func waitFor(
    seconds: Double = 30, _ isWanted: ([String]) -> Bool
  ) throws -> [String] {
    let limit = RunningDaemon.monotonicSeconds + seconds
    var seen: [[String]] = []
    while let lines = next(until: limit) {
      if isWanted(lines) { return lines }
      seen.append(lines)
    }
    throw Silence(messages: seen)
  }

  /// Takes what is there until nothing comes for a while.
  package func drain(quietFor seconds: Double) throws {
    while next(until: RunningDaemon.monotonicSeconds + seconds) != nil {}
  }

  private func next(until limit: Double) -> [String]? {
    var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    let left = limit - RunningDaemon.monotonicSeconds
    guard left > 0, poll(&waiting, 1, Int32(left * 1000) + 1) > 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = recv(socket, &bytes, bytes.count, 0)
    guard count > 0 else { return nil }
    return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
  }
}
