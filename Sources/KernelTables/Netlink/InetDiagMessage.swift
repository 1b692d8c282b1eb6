// SPDX-License-Identifier: Apache-2.0

/// One socket in the answer of `sock_diag`: `struct inet_diag_msg` and its attributes.
package enum InetDiagMessage {
  /// Decodes what follows the `struct nlmsghdr` of one message.
  ///
  /// Attributes that this program does not use are skipped, states it does not know are kept.
  ///
  /// - Parameters:
  ///   - bytes: A datagram.
  ///   - range: The message's payload in it.
  ///   - namespace: The network namespace that was asked.
  /// - Throws: ``DecodeError/truncated(what:needed:got:)`` for a payload shorter than the
  ///   structure; ``DecodeError/badField(table:field:text:)`` for a family that is neither
  ///   AF_INET nor AF_INET6 and for an attribute that leaves the message.
  ///
  /// Source: `inet_diag_msg_common_fill()`, `inet_diag_msg_attrs_fill()`, `inet_sk_diag_fill()`.
  @inline(__always)
  package static func decode(
    _ bytes: RawSpan, in range: Range<Int>, namespace: NetnsID
  ) throws(DecodeError) -> SocketRow {
    typealias Layout = InetDiagLayout.Message
    let range = range.clamped(to: 0..<bytes.byteCount)
    guard range.count >= Layout.size else {
      throw .truncated(what: "inet_diag_msg", needed: Layout.size, got: range.count)
    }
    let start = range.lowerBound
    let familyNumber = load(bytes, start + Layout.family, as: UInt8.self)
    guard let family = AddressFamily(rawValue: familyNumber) else {
      throw .badField(table: "inet_diag_msg", field: "idiag_family", text: String(familyNumber))
    }
    var row = SocketRow()
    row.namespace = namespace
    row.family = family
    row.state = TCPState(rawValue: load(bytes, start + Layout.state, as: UInt8.self))
    row.timer = SocketTimer(rawValue: load(bytes, start + Layout.timer, as: UInt8.self)) ?? .other
    row.retransmits = load(bytes, start + Layout.retransmits, as: UInt8.self)
    row.timerMilliseconds = load(bytes, start + Layout.expires, as: UInt32.self)
    row.receiveQueue = load(bytes, start + Layout.receiveQueue, as: UInt32.self)
    row.sendQueue = load(bytes, start + Layout.sendQueue, as: UInt32.self)
    row.uid = load(bytes, start + Layout.uid, as: UInt32.self)
    row.inode = UInt64(load(bytes, start + Layout.inode, as: UInt32.self))
    row.knowledge = .cookie
    readIdentity(bytes, at: start + Layout.id, into: &row)
    if row.state == .listen { row.knowledge.insert(.acceptQueueLimit) }
    try readAttributes(bytes, in: (start + Layout.size)..<range.upperBound, into: &row)
    return row
  }

  @inline(__always)
  private static func readIdentity(_ bytes: RawSpan, at start: Int, into row: inout SocketRow) {
    typealias Layout = InetDiagLayout.SocketID
    row.localPort = UInt16(bigEndian: load(bytes, start + Layout.localPort, as: UInt16.self))
    row.remotePort = UInt16(bigEndian: load(bytes, start + Layout.remotePort, as: UInt16.self))
    row.localAddress = address(bytes, at: start + Layout.localAddress, row.family)
    row.remoteAddress = address(bytes, at: start + Layout.remoteAddress, row.family)
    // Two u32, the low one first, on every machine.
    let low = load(bytes, start + Layout.cookie, as: UInt32.self)
    let high = load(bytes, start + Layout.cookie + 4, as: UInt32.self)
    row.cookie = UInt64(high) << 32 | UInt64(low)
  }

  @inline(__always)
  private static func address(
    _ bytes: RawSpan, at start: Int, _ family: AddressFamily
  ) -> IPAddress {
    switch family {
    case .ipv4:
      return IPAddress(ipv4: UInt32(bigEndian: load(bytes, start, as: UInt32.self)))
    case .ipv6:
      return IPAddress(
        high: UInt64(bigEndian: load(bytes, start, as: UInt64.self)),
        low: UInt64(bigEndian: load(bytes, start + 8, as: UInt64.self)))
    }
  }

  @inline(__always)
  private static func readAttributes(
    _ bytes: RawSpan, in range: Range<Int>, into row: inout SocketRow
  ) throws(DecodeError) {
    typealias Layout = InetDiagLayout.Attribute
    var offset = range.lowerBound
    while offset + Layout.headerSize <= range.upperBound {
      let length = Int(load(bytes, offset + Layout.length, as: UInt16.self))
      guard length >= Layout.headerSize, offset + length <= range.upperBound else {
        throw .badField(table: "inet_diag_msg", field: "nla_len", text: String(length))
      }
      let type = load(bytes, offset + Layout.type, as: UInt16.self) & Layout.typeMask
      let payload = (offset + Layout.headerSize)..<(offset + length)
      switch type {
      case InetDiagLayout.AttributeType.info:
        readInfo(bytes, in: payload, into: &row)
      case InetDiagLayout.AttributeType.shutdown where payload.count >= 1:
        row.shutdown = load(bytes, payload.lowerBound, as: UInt8.self)
        row.knowledge.insert(.shutdown)
      case InetDiagLayout.AttributeType.ipv6Only where payload.count >= 1:
        row.isIPv6Only = load(bytes, payload.lowerBound, as: UInt8.self) != 0
        row.knowledge.insert(.ipv6Only)
      case InetDiagLayout.AttributeType.cgroupID where payload.count >= 8:
        row.cgroupID = load(bytes, payload.lowerBound, as: UInt64.self)
        row.knowledge.insert(.cgroup)
      default:
        break
      }
      offset += (length + 3) & ~3
    }
  }

  @inline(__always)
  private static func readInfo(_ bytes: RawSpan, in range: Range<Int>, into row: inout SocketRow) {
    typealias Layout = InetDiagLayout.Info
    // Before the handshake is done the times count from boot, and a listener has none at all:
    // what means nothing must not look like knowledge.
    guard range.count >= Layout.needed, row.state != .synSent, row.state != .listen else { return }
    let start = range.lowerBound
    row.lastDataSentMilliseconds = load(bytes, start + Layout.lastDataSent, as: UInt32.self)
    row.lastDataReceivedMilliseconds = load(bytes, start + Layout.lastDataReceived, as: UInt32.self)
    row.lastAckReceivedMilliseconds = load(bytes, start + Layout.lastAckReceived, as: UInt32.self)
    row.bytesAcked = load(bytes, start + Layout.bytesAcked, as: UInt64.self)
    row.bytesReceived = load(bytes, start + Layout.bytesReceived, as: UInt64.self)
    row.segmentsOut = load(bytes, start + Layout.segmentsOut, as: UInt32.self)
    row.knowledge.insert(.tcpInfo)
    if range.count >= Layout.neededForOpener { readOpener(bytes, at: start, into: &row) }
  }

  /// Who opened a connection: its counters say so while it has sent no FIN and nothing that is not
  /// acknowledged. The kernel counts the acknowledgement of a SYN as one byte
  /// (`tcp_snd_una_update()` in net/ipv4/tcp_input.c), and a socket that was made for a SYN of the
  /// other end begins behind its own (`tcp_create_openreq_child()`). A client that was restored
  /// from a checkpoint (TCP_REPAIR) has sent no SYN, and looks accepted.
  @inline(__always)
  private static func readOpener(_ bytes: RawSpan, at start: Int, into row: inout SocketRow) {
    typealias Layout = InetDiagLayout.Info
    guard row.state == .established || row.state == .closeWait,
      load(bytes, start + Layout.unacknowledged, as: UInt32.self) == 0
    else { return }
    let sent = load(bytes, start + Layout.bytesSent, as: UInt64.self)
    let again = load(bytes, start + Layout.bytesSentAgain, as: UInt64.self)
    // From the wire: whatever they are, nothing may trap.
    switch row.bytesAcked &- (sent &- again) {
    case 0: row.knowledge.insert(.accepted)
    case 1: row.knowledge.insert(.opened)
    default: break
    }
  }

  /// Reads a number at any alignment. Every caller has checked that it is inside of `bytes`: a
  /// second check for each column would double what a row costs.
  @inline(__always)
  static func load<Number: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: RawSpan, _ offset: Int, as type: Number.Type
  ) -> Number {
    assert(offset >= 0 && offset + MemoryLayout<Number>.size <= bytes.byteCount)
    return bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: type)
  }
}
