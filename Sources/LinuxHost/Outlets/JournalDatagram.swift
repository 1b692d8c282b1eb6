// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Writes one entry to systemd-journald as a datagram, in its native protocol:
/// https://systemd.io/JOURNAL_NATIVE_PROTOCOL/. For a command that writes one short entry, without
/// libsystemd.
package enum JournalDatagram {
  /// Where journald listens.
  package static let socketPath = "/run/systemd/journal/socket"

  /// Sends an entry.
  ///
  /// - Parameter fields: Names in upper case; a name may come more than once. All together less
  ///   than a datagram takes: some 200 kB.
  /// - Throws: ``SystemCallError`` when journald did not take it.
  package static func send(
    _ fields: [(name: String, value: String)], to path: String = socketPath
  ) throws(SystemCallError) {
    let address = try UnixAddress(path)
    let kind = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
    let fd = try systemCall("socket", on: path) { socket(AF_UNIX, kind, 0) }
    defer { close(fd) }
    try address.connect(fd)
    let bytes = bytes(of: fields)
    _ = try systemCall("send", on: path) {
      bytes.withUnsafeBytes { Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
  }

  /// `NAME=value`, or where the value has line feeds: the name, its length in 8 bytes, the value.
  static func bytes(of fields: [(name: String, value: String)]) -> [UInt8] {
    var bytes: [UInt8] = []
    for (name, value) in fields {
      let text = Array(value.utf8)
      bytes += Array(name.utf8)
      if text.contains(UInt8(ascii: "\n")) {
        bytes.append(UInt8(ascii: "\n"))
        withUnsafeBytes(of: UInt64(text.count).littleEndian) { bytes += $0 }
      } else {
        bytes.append(UInt8(ascii: "="))
      }
      bytes += text
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes
  }
}
