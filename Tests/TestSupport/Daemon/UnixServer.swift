// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A listening unix socket on which a test plays a server, or plays dead.
package final class UnixServer: Sendable {
  package let path: String
  private let fd: Int32

  /// - Parameter backlog: Connections that may wait to be accepted.
  package init(_ path: String, backlog: Int32 = 16) throws {
    self.path = path
    fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    let code = Self.withAddress(path) { bind(fd, $0, $1) }
    guard code == 0, listen(fd, backlog) == 0 else {
      throw ChildProgram.Failure("bind \(path): errno \(errno)")
    }
  }

  deinit { close(fd) }

  /// Answers every connection with these bytes, on a thread that lives as long as the process.
  package func answer(_ bytes: [UInt8]) throws {
    let job = Job(fd: fd, bytes: bytes)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<Job>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(job).toOpaque())
    guard code == 0 else { throw ChildProgram.Failure("pthread_create: \(code)") }
    pthread_detach(thread)
  }

  private final class Job {
    let fd: Int32
    let bytes: [UInt8]
    init(fd: Int32, bytes: [UInt8]) {
      self.fd = fd
      self.bytes = bytes
    }

    func run() {
      while true {
        let client = accept(fd, nil, nil)
        guard client >= 0 else { return }
        var chunk = [UInt8](repeating: 0, count: 4096)
        _ = recv(client, &chunk, chunk.count, 0)
        _ = send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        close(client)
      }
    }
  }

  /// A connection to a unix socket that never blocks; -1 when there can be none now.
  package static func connect(_ path: String) -> Int32 {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let fd = socket(AF_UNIX, kind | Int32(SOCK_NONBLOCK.rawValue), 0)
    if withAddress(path, { Glibc.connect(fd, $0, $1) }) == 0 { return fd }
    close(fd)
    return -1
  }

  private static func withAddress(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
