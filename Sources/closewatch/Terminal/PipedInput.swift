// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxHost

/// What is piped into a command that can also do without.
enum PipedInput {
  /// More is not read: 8 MiB are some 50,000 lines of ss.
  static let mostBytes = 8 << 20
  /// How long to wait for the first byte where nobody has said that any will come. A pipe without a
  /// writer is everywhere: ssh, cron, a supervisor.
  private static let patienceMilliseconds: Int32 = 5000

  /// Whether something may come: standard input is a pipe, a socket or a file, and begins.
  static var begins: Bool {
    var status = stat()
    guard fstat(0, &status) == 0 else { return false }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return true
    case S_IFIFO, S_IFSOCK:
      var input = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
      return poll(&input, 1, patienceMilliseconds) > 0
    default: return false
    }
  }

  /// All of it, to its end or to ``mostBytes``.
  static func read() throws(SystemCallError) -> (bytes: [UInt8], isCut: Bool) {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while bytes.count < mostBytes {
      let got = try systemCall("read", on: "standard input") {
        chunk.withUnsafeMutableBytes { Glibc.read(0, $0.baseAddress, $0.count) }
      }
      if got == 0 { return (bytes, false) }
      bytes.append(contentsOf: chunk[..<got])
    }
    return (bytes, true)
  }
}
