// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Messages as an inspector of Node takes and sends them: the texts of a WebSocket (RFC 6455).
struct WebSocketText {
  /// Of a message: the scripts of a large program are told in some MB, one at a time.
  static let largest = 16 << 20

  private var bytes: [UInt8] = []
  private var message: [UInt8] = []

  /// What asks a server for this protocol.
  static func request(path: String, port: UInt16, key: String) -> String {
    """
    GET \(path) HTTP/1.1\r
    Host: 127.0.0.1:\(port)\r
    Upgrade: websocket\r
    Connection: Upgrade\r
    Sec-WebSocket-Key: \(key)\r
    Sec-WebSocket-Version: 13\r
    \r

    """
  }

  /// A whole message of a client.
  ///
  /// - Parameter mask: Four bytes, which the protocol wants to be random because of proxies.
  static func frame(_ text: String, mask: [UInt8]) -> [UInt8] {
    let payload = Array(text.utf8)
    var frame: [UInt8] = [0x81]
    switch payload.count {
    case ..<126: frame.append(0x80 | UInt8(payload.count))
    case ..<65536: frame += [0xfe] + bigEndian(payload.count, bytes: 2)
    default: frame += [0xff] + bigEndian(payload.count, bytes: 8)
    }
    return frame + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
  }

  private static func bigEndian(_ number: Int, bytes: Int) -> [UInt8] {
    (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
  }

  /// - Returns: The messages that have become whole.
  /// - Throws: ``DecodeError`` for a message that is too large, and where the server ends it.
  mutating func take(_ more: some Sequence<UInt8>) throws(DecodeError) -> [[UInt8]] {
    bytes += more
    var whole: [[UInt8]] = []
    while let (kind, isLast, payload) = try frame() {
      // Continuation, text, binary; what keeps a connection alive is not answered.
      if kind == 8 { throw bad("closed by the server") }
      guard kind <= 2 else { continue }
      guard message.count + payload.count <= Self.largest else { throw bad("too large") }
      message += payload
      if isLast {
        whole.append(message)
        message = []
      }
    }
    return whole
  }

  private mutating func frame() throws(DecodeError) -> (kind: UInt8, Bool, ArraySlice<UInt8>)? {
    guard bytes.count >= 2 else { return nil }
    var size = Int(bytes[1] & 0x7f)
    var start = 2
    if size > 125 {
      let digits = size == 126 ? 2 : 8
      guard bytes.count >= 2 + digits else { return nil }
      guard digits == 2 || bytes[2] == 0 && bytes[3] == 0 else { throw bad("too large") }
      size = bytes[2..<(2 + digits)].reduce(0) { $0 << 8 | Int($1) }
      start += digits
    }
    // A server does not mask.
    guard bytes[1] & 0x80 == 0 else { throw bad("masked") }
    guard size <= Self.largest else { throw bad("too large") }
    guard bytes.count >= start + size else { return nil }
    let payload = bytes[start..<(start + size)]
    defer { bytes.removeFirst(start + size) }
    return (bytes[0] & 0x0f, bytes[0] & 0x80 != 0, payload)
  }

  private func bad(_ text: String) -> DecodeError {
    DecodeError.badField(table: "the inspector's answer", field: "message", text: text)
  }
}
