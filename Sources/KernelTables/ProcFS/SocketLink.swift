// SPDX-License-Identifier: Apache-2.0

/// The target of a `/proc/PID/fd/N` link.
///
/// Source: proc_pid_fd(5); `sockfs_dname()` in net/socket.c.
package enum SocketLink: Hashable, Sendable {
  /// `socket:[30182]`.
  case socket(inode: UInt64)
  /// `anon_inode:[io_uring]`: the name between the brackets, or after the colon.
  case anonymous(String)
  /// A file, a pipe, a memfd.
  case other(String)

  /// - Throws: ``DecodeError/badField(table:field:text:)`` when it says `socket:` and no number
  ///   in brackets follows.
  package init(_ target: [UInt8]) throws(DecodeError) {
    if target.starts(with: "socket:".utf8) {
      let inode = target.withUnsafeBytes { Self.inode($0.bytes) }
      guard inode != 0 else {
        throw .badField(
          table: "/proc/PID/fd", field: "inode", text: ProcessFile.shown(target))
      }
      self = .socket(inode: inode)
    } else if target.starts(with: "anon_inode:".utf8) {
      let name = target.dropFirst(11)
      let isBracketed = name.first == UInt8(ascii: "[") && name.last == UInt8(ascii: "]")
      let inner = isBracketed ? name.dropFirst().dropLast() : name
      self = .anonymous(String(decoding: inner, as: UTF8.self))
    } else {
      self = .other(String(decoding: target, as: UTF8.self))
    }
  }

  /// The inode of `socket:[30182]`, or 0 when the text is anything else: made for a scan of a
  /// host's descriptors, where a link is looked at in its buffer and most are not sockets.
  package static func inode(_ target: RawSpan) -> UInt64 {
    let count = target.byteCount
    // "socket:[" is 8 bytes, then 1 to 20 digits, then "]".
    guard count >= 10, count <= 29,
      target.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self).littleEndian
        == 0x5b3a_7465_6b63_6f73,
      target.unsafeLoadUnaligned(fromByteOffset: count - 1, as: UInt8.self) == 0x5d
    else { return 0 }
    var inode: UInt64 = 0
    for offset in 8..<(count - 1) {
      let digit = target.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self) &- 0x30
      guard digit <= 9 else { return 0 }
      let (tens, overflows) = inode.multipliedReportingOverflow(by: 10)
      let (sum, overflowsToo) = tens.addingReportingOverflow(UInt64(digit))
      if overflows || overflowsToo { return 0 }
      inode = sum
    }
    return inode
  }
}
