// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One question and one answer over a unix socket, for a command that waits for it.
package enum UnixExchange {
  /// Why there is no answer.
  package enum Failure: Error, Hashable, Sendable {
    /// No socket has this path.
    case absent
    /// This user may not connect.
    case denied
    /// There is one and nobody listens on it, or its queue is full.
    case refused(SystemCallError)
    /// Not within the time that was given.
    case late
    /// More than the bytes that were allowed.
    case tooLong
    case failed(SystemCallError)
  }

  /// Sends `question`, and reads until the other side closes.
  ///
  /// - Parameters:
  ///   - path: Of the socket.
  ///   - question: Few bytes: what a socket takes at once.
  ///   - seconds: For all of it.
  ///   - limit: Bytes of an answer, at most.
  package static func ask(
    _ path: String, _ question: [UInt8], within seconds: Double, limit: Int
  ) throws(Failure) -> [UInt8] {
    let deadline = Clock.monotonicSeconds + seconds
    let fd: Int32
    do throws(SystemCallError) {
      fd = try UnixAddress(path).connect()
    } catch {
      switch error.errno {
      case ENOENT, ENOTDIR: throw .absent
      case EACCES, EPERM: throw .denied
      case ECONNREFUSED, EAGAIN: throw .refused(error)
      default: throw .failed(error)
      }
    }
    defer { close(fd) }
    try send(question, to: fd, path, deadline)
    return try receive(from: fd, path, deadline, limit)
  }

  private static func send(
    _ bytes: [UInt8], to fd: Int32, _ path: String, _ deadline: Double
  ) throws(Failure) {
    var rest = bytes[...]
    while !rest.isEmpty {
      try wait(for: fd, POLLOUT, deadline)
      do throws(SystemCallError) {
        let count = try systemCall("send", on: path) {
          rest.withUnsafeBytes { Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        }
        rest = rest.dropFirst(count)
      } catch {
        guard error.errno == EAGAIN else { throw .failed(error) }
      }
    }
  }

  private static func receive(
    from fd: Int32, _ path: String, _ deadline: Double, _ limit: Int
  ) throws(Failure) -> [UInt8] {
    var answer: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      try wait(for: fd, POLLIN, deadline)
      let count: Int
      do throws(SystemCallError) {
        count = try systemCall("recv", on: path) { recv(fd, &chunk, chunk.count, 0) }
      } catch {
        guard error.errno == EAGAIN else { throw .failed(error) }
        continue
      }
      if count == 0 { return answer }
      guard answer.count + count <= limit else { throw .tooLong }
      answer.append(contentsOf: chunk[..<count])
    }
  }

  private static func wait(for fd: Int32, _ event: Int32, _ deadline: Double) throws(Failure) {
    while true {
      let left = deadline - Clock.monotonicSeconds
      guard left > 0 else { throw .late }
      var waiting = pollfd(fd: fd, events: Int16(event), revents: 0)
      let ready = poll(&waiting, 1, Int32((left * 1000).rounded(.up)))
      if ready > 0 { return }
      if ready < 0, errno != EINTR {
        throw .failed(SystemCallError("poll", on: "a unix socket", errno: errno))
      }
    }
  }
}

/// The address of a unix socket in the file system: unix(7).
struct UnixAddress {
  private let path: String
  private var address = sockaddr_un()

  /// - Throws: ``SystemCallError``, ENAMETOOLONG when it does not fit.
  init(_ path: String) throws(SystemCallError) {
    self.path = path
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw SystemCallError("bind", on: path, errno: ENAMETOOLONG)
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
  }

  /// A stream socket that is connected, and never blocks. A listener whose queue is full is EAGAIN.
  func connect() throws(SystemCallError) -> Int32 {
    let fd = try Self.stream(on: path, isBlocking: false)
    do throws(SystemCallError) {
      try connect(fd)
    } catch {
      close(fd)
      throw error
    }
    return fd
  }

  func connect(_ fd: Int32) throws(SystemCallError) {
    _ = try systemCall("connect", on: path) { withAddress { Glibc.connect(fd, $0, $1) } }
  }

  func bind(_ fd: Int32) throws(SystemCallError) {
    _ = try systemCall("bind", on: path) { withAddress { Glibc.bind(fd, $0, $1) } }
  }

  static func stream(on path: String, isBlocking: Bool) throws(SystemCallError) -> Int32 {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    return try systemCall("socket", on: path) {
      socket(AF_UNIX, isBlocking ? kind : kind | Int32(SOCK_NONBLOCK.rawValue), 0)
    }
  }

  private func withAddress(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
