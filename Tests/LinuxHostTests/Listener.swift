// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxHost

/// A listening socket on 127.0.0.1 and a port of the kernel's choice, closed when it goes out of
/// scope.
final class Listener {
  let fd: Int32
  let port: UInt16
  let inode: UInt64

  init(backlog: Int32) throws(SystemCallError) {
    let fd = try systemCall("socket", on: "tcp") {
      socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = try systemCall("bind", on: "tcp") {
      withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(fd, $0, size) }
      }
    }
    _ = try systemCall("listen", on: "tcp") { listen(fd, backlog) }
    _ = try systemCall("getsockname", on: "tcp") {
      withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(fd, $0, &size) }
      }
    }
    var status = stat()
    _ = try systemCall("fstat", on: "tcp") { fstat(fd, &status) }
    self.fd = fd
    port = UInt16(bigEndian: address.sin_port)
    inode = UInt64(status.st_ino)
  }

  deinit { close(fd) }
}
