// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc
import LinuxHost

/// Writes structured entries to systemd-journald: sd_journal_sendv(3).
///
/// A send blocks while journald lives and does not read. Call it where that stops nobody.
struct JournalOutlet: Sendable {
  init() {}

  /// Writes one entry.
  ///
  /// - Parameter fields: Names in upper case, and values without a bound of their own; a name may
  ///   come more than once.
  /// - Throws: ``SystemCallError`` when journald did not take it.
  func send(_ fields: [(name: String, value: String)]) throws(SystemCallError) {
    // libsystemd calls it a success when there is no socket to send to.
    _ = try systemCall("access", on: JournalDatagram.socketPath) {
      access(JournalDatagram.socketPath, F_OK)
    }
    var bytes: [UInt8] = []
    var lengths: [Int] = []
    for field in fields {
      let text = "\(field.name)=\(field.value)"
      bytes.append(contentsOf: text.utf8)
      lengths.append(text.utf8.count)
    }
    let code = bytes.withUnsafeMutableBytes { buffer in
      var start = 0
      let pieces = lengths.map { length in
        defer { start += length }
        return iovec(iov_base: buffer.baseAddress.map { $0 + start }, iov_len: length)
      }
      return sd_journal_sendv(pieces, Int32(pieces.count))
    }
    if code < 0 { throw SystemCallError("sendmsg", on: JournalDatagram.socketPath, errno: -code) }
  }
}
