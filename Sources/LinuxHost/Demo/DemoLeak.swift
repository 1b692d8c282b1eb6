// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
package import KernelTables

/// A small real leak: a server in a network namespace of its own that answers each request, reads
/// the end of the stream, and forgets close(). A second process is its client.
///
/// Both end with the process that planted them, and the namespace with them. Nothing of it can
/// be reached from outside, and nothing of the host is changed.
package enum DemoLeak {
  /// Where the server listens, in its own namespace.
  package static let port: UInt16 = 8080
  /// Its limit of open files, so that the forecast has something to say.
  package static let descriptorLimit = 1024
  /// The time from one request to the next.
  package static let pauseMilliseconds: Int32 = 150

  /// Starts it.
  ///
  /// - Parameter arguments: Those with which this program becomes the server.
  /// - Throws: ``HostError`` when there is no right to make a namespace.
  package static func plant(_ arguments: [String]) throws(HostError) -> DemoProgram {
    let failed = "cannot plant a leak for the demo: "
    let program: DemoProgram
    do throws(SystemCallError) {
      program = try DemoProgram(arguments)
    } catch {
      throw HostError("\(failed)\(error)")
    }
    let line = program.readLine()
    guard line == "ready" else { throw HostError(failed + (line.isEmpty ? "no answer" : line)) }
    return program
  }

  /// The server. Returns when it is not wanted any more, with the exit status of its process.
  ///
  /// - Parameter client: The arguments with which this program becomes the client.
  package static func serve(client: [String]) -> Int32 {
    signal(SIGINT, SIG_IGN)
    do throws(SystemCallError) {
      _ = try systemCall("unshare", on: "CLONE_NEWNET") {
        closewatch_unshare(closewatch_network_namespace)
      }
      _ = try systemCall("bring up", on: "lo") { closewatch_raise_loopback() }
      rename("demo-server")
      var limit = rlimit(
        rlim_cur: rlim_t(descriptorLimit), rlim_max: rlim_t(descriptorLimit))
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      let listener = try listen()
      let other = try DemoProgram(client)
      tell("ready")
      leak(listener)
      withExtendedLifetime(other.pid) {}
      return 0
    } catch {
      let advice = error.isDenied ? "; it needs root (CAP_SYS_ADMIN)" : ""
      tell("\(error)\(advice)")
      return 2
    }
  }

  /// The client: asks, reads the answer, closes; as long as it is wanted.
  package static func ask() -> Int32 {
    signal(SIGINT, SIG_IGN)
    rename("demo-client")
    while DemoProgram.isWanted(for: pauseMilliseconds) {
      let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      guard fd >= 0 else { continue }
      defer { close(fd) }
      guard withAddress({ connect(fd, $0, $1) }) == 0 else { continue }
      exchange(fd, sends: "GET / HTTP/1.0\r\n\r\n")
    }
    return 0
  }

  private static let answer = "HTTP/1.0 200 OK\r\n\r\nhello\n"

  /// Stops before the limit, where accept() would fail at once, again and again.
  private static func leak(_ listener: Int32) {
    var held = 0
    while held < descriptorLimit - 64 {
      guard DemoProgram.isWanted(for: -1, or: listener) else { return }
      let fd = accept(listener, nil, nil)
      guard fd >= 0 else { continue }
      var patience = timeval(tv_sec: 2, tv_usec: 0)
      setsockopt(
        fd, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
      var byte: UInt8 = 0
      while recv(fd, &byte, 1, 0) == 1, byte != 0x0a {}
      send(fd, answer, answer.utf8.count, Int32(MSG_NOSIGNAL))
      // To the end of the stream; and here close(fd) is missing. That is the leak.
      while recv(fd, &byte, 1, 0) == 1 {}
      held += 1
    }
    while DemoProgram.isWanted(for: -1) {}
  }

  private static func exchange(_ fd: Int32, sends request: String) {
    send(fd, request, request.utf8.count, Int32(MSG_NOSIGNAL))
    // To the end of the answer, not of the stream: this side is the one that closes.
    var byte: UInt8 = 0
    for _ in 0..<answer.utf8.count { guard recv(fd, &byte, 1, 0) == 1 else { return } }
  }

  private static func listen() throws(SystemCallError) -> Int32 {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let fd = try systemCall("socket", on: "TCP") { socket(AF_INET, kind, 0) }
    _ = try systemCall("bind", on: "127.0.0.1:\(port)") { withAddress { bind(fd, $0, $1) } }
    _ = try systemCall("listen", on: "127.0.0.1:\(port)") { Glibc.listen(fd, 16) }
    return fd
  }

  private static func withAddress(
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  private static func rename(_ name: String) {
    let fd = open("/proc/self/comm", O_WRONLY | O_CLOEXEC)
    guard fd >= 0 else { return }
    _ = write(fd, name, name.utf8.count)
    close(fd)
  }

  private static func tell(_ line: String) {
    let text = line + "\n"
    _ = write(1, text, text.utf8.count)
  }
}
