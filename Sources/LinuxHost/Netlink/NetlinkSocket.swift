// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc

/// What a dump goes over: the kernel, or a test that plays it.
package protocol DumpTransport: ~Copyable {
  /// The port id that answers are addressed to.
  var port: UInt32 { get }
  /// Sends one request.
  mutating func send(_ request: [UInt8]) throws(SystemCallError)
  /// Waits for one datagram, for a bounded time.
  ///
  /// - Returns: Its true length, which is more than the buffer's when it was cut.
  mutating func receive(into buffer: UnsafeMutableRawBufferPointer) throws(SystemCallError) -> Int
}

/// A netlink socket, bound to the network namespace of the thread that opened it. Closed when it
/// goes out of scope: while it is open, that namespace cannot go away.
///
/// Source: netlink(7), sock_diag(7).
package struct NetlinkSocket: ~Copyable, DumpTransport {
  private let fd: Int32
  /// The port id that the kernel gave it.
  package let port: UInt32

  /// - Parameters:
  ///   - protocolNumber: `NETLINK_SOCK_DIAG`; tests ask for one that the kernel refuses.
  ///   - timeoutMilliseconds: How long one receive may wait.
  package init(
    protocolNumber: Int32 = NETLINK_SOCK_DIAG, timeoutMilliseconds: Int = 5000
  ) throws(SystemCallError) {
    let subject = "netlink protocol \(protocolNumber)"
    let fd = try systemCall("socket", on: subject) {
      socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), protocolNumber)
    }
    do throws(SystemCallError) {
      var timeout = timeval(
        tv_sec: timeoutMilliseconds / 1000, tv_usec: timeoutMilliseconds % 1000 * 1000)
      _ = try systemCall("setsockopt SO_RCVTIMEO", on: subject) {
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
      }
      var address = sockaddr_nl()
      address.nl_family = UInt16(AF_NETLINK)
      var size = socklen_t(MemoryLayout<sockaddr_nl>.size)
      _ = try systemCall("bind", on: subject) {
        withUnsafePointer(to: &address) { pointer in
          pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(fd, $0, size) }
        }
      }
      _ = try systemCall("getsockname", on: subject) {
        withUnsafeMutablePointer(to: &address) { pointer in
          pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            getsockname(fd, $0, &size)
          }
        }
      }
      port = address.nl_pid
      self.fd = fd
    } catch {
      close(fd)
      throw error
    }
  }

  deinit { close(fd) }

  package mutating func send(_ request: [UInt8]) throws(SystemCallError) {
    let fd = fd
    let sent = try systemCall("send", on: "sock_diag") {
      request.withUnsafeBytes { Glibc.send(fd, $0.baseAddress, $0.count, 0) }
    }
    guard sent == request.count else {
      throw SystemCallError("send", on: "sock_diag", errno: EIO)
    }
  }

  package mutating func receive(
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(SystemCallError) -> Int {
    let fd = fd
    while true {
      var sender = sockaddr_nl()
      var size = socklen_t(MemoryLayout<sockaddr_nl>.size)
      let got = try systemCall("recv", on: "sock_diag") {
        withUnsafeMutablePointer(to: &sender) { pointer in
          pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            recvfrom(fd, buffer.baseAddress, buffer.count, Int32(MSG_TRUNC), $0, &size)
          }
        }
      }
      // Port 0 is the kernel; whatever else writes to this socket is not believed.
      if sender.nl_pid == 0 { return got }
    }
  }
}
