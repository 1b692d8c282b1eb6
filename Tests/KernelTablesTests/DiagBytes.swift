// SPDX-License-Identifier: Apache-2.0

/// Builds what the kernel sends, field by field, in the order of the structures.
enum DiagBytes {
  /// `struct nlmsghdr` and a payload, padded to four bytes.
  static func message(
    type: UInt16 = 18, flags: UInt16 = 2, sequence: UInt32 = 7, port: UInt32 = 4242,
    _ payload: [UInt8]
  ) -> [UInt8] {
    var header = bytes(UInt32(16 + payload.count))
    header += bytes(type)
    header += bytes(flags)
    header += bytes(sequence)
    header += bytes(port)
    return header + padded(payload)
  }

  /// `struct inet_diag_msg`; addresses as four words in network order.
  static func socket(
    family: UInt8 = 2, state: UInt8 = 8, timer: UInt8 = 0, retransmits: UInt8 = 0,
    ports: (UInt16, UInt16) = (8080, 40000), local: [UInt8] = [127, 0, 0, 1],
    remote: [UInt8] = [192, 0, 2, 1], cookie: UInt64 = 0x1_0000_1077, expires: UInt32 = 0,
    queues: (UInt32, UInt32) = (1, 0), uid: UInt32 = 1000, inode: UInt32 = 42313
  ) -> [UInt8] {
    let room = [UInt8](repeating: 0, count: 16)
    var socket = [family, state, timer, retransmits]
    socket += bytes(ports.0.bigEndian)
    socket += bytes(ports.1.bigEndian)
    socket += (local + room).prefix(16)
    socket += (remote + room).prefix(16)
    socket += bytes(UInt32(0))
    socket += bytes(cookie)
    socket += bytes(expires)
    socket += bytes(queues.0)
    socket += bytes(queues.1)
    socket += bytes(uid)
    socket += bytes(inode)
    return socket
  }

  /// `struct nlattr` and its payload, padded to four bytes.
  static func attribute(_ type: UInt16, _ payload: [UInt8]) -> [UInt8] {
    bytes(UInt16(4 + payload.count)) + bytes(type) + padded(payload)
  }

  /// `struct tcp_info` with the fields that are read set to these, and everything else to 0xee.
  static func info(
    sent: UInt32 = 8000, received: UInt32 = 8001, ack: UInt32 = 5004, acked: UInt64 = 11,
    got: UInt64 = 22, segments: UInt32 = 33, size: Int = 240
  ) -> [UInt8] {
    var info = [UInt8](repeating: 0xee, count: 240)
    info.replaceSubrange(44..<48, with: bytes(sent))
    info.replaceSubrange(52..<56, with: bytes(received))
    info.replaceSubrange(56..<60, with: bytes(ack))
    info.replaceSubrange(120..<128, with: bytes(acked))
    info.replaceSubrange(128..<136, with: bytes(got))
    info.replaceSubrange(136..<140, with: bytes(segments))
    return Array(info.prefix(size))
  }

  static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number) { Array($0) }
  }

  private static func padded(_ payload: [UInt8]) -> [UInt8] {
    payload + [UInt8](repeating: 0, count: (4 - payload.count % 4) % 4)
  }
}
