// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@Suite struct InetDiagMessageTests {
  private func decode(_ bytes: [UInt8]) throws(DecodeError) -> SocketRow {
    try InetDiagMessage.decode(
      bytes.span.bytes, in: 0..<bytes.count, namespace: NetnsID(rawValue: 4_026_531_840))
  }

  @Test func `every column of a row comes from its own field`() throws {
    let row = try decode(
      DiagBytes.socket(
        state: 4, timer: 1, retransmits: 5, expires: 1234, queues: (17, 19), uid: 33, inode: 99)
        + DiagBytes.attribute(8, [2])
        + DiagBytes.attribute(21, DiagBytes.bytes(UInt64(0x1_0000_022d)))
        + DiagBytes.attribute(2, DiagBytes.info()))
    var expected = SocketRow()
    expected.namespace = NetnsID(rawValue: 4_026_531_840)
    expected.cookie = 0x1_0000_1077
    expected.inode = 99
    expected.localAddress = IPAddress(ipv4: 0x7f00_0001)
    expected.remoteAddress = IPAddress(ipv4: 0xc000_0201)
    expected.cgroupID = 0x1_0000_022d
    expected.bytesAcked = 11
    expected.bytesReceived = 22
    expected.uid = 33
    expected.receiveQueue = 17
    expected.sendQueue = 19
    expected.timerMilliseconds = 1234
    expected.lastDataSentMilliseconds = 8000
    expected.lastDataReceivedMilliseconds = 8001
    expected.lastAckReceivedMilliseconds = 5004
    expected.segmentsOut = 33
    expected.localPort = 8080
    expected.remotePort = 40000
    expected.state = .finWait1
    expected.timer = .retransmit
    expected.retransmits = 5
    expected.shutdown = 2
    expected.knowledge = [.cookie, .tcpInfo, .cgroup, .shutdown]
    #expect(row == expected)
  }

  @Test func `a mapped address compares equal to its IPv4 twin and the family stays`() throws {
    let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1]
    let row = try decode(DiagBytes.socket(family: 10, local: mapped, remote: mapped))
    #expect(row.family == .ipv6)
    #expect(row.localAddress == .loopbackIPv4)
    #expect(row.remoteAddress.description == "127.0.0.1")
  }

  @Test func `the wildcard of an IPv6 listener stays ::, with its limit and its V6ONLY`() throws {
    let any = [UInt8](repeating: 0, count: 16)
    let row = try decode(
      DiagBytes.socket(family: 10, state: 10, local: any, remote: any, queues: (4, 3))
        + DiagBytes.attribute(11, [1]))
    #expect(row.localAddress == .anyIPv6)
    #expect(row.localAddress != .anyIPv4)
    #expect(row.receiveQueue == 4)
    #expect(row.sendQueue == 3)
    #expect(row.isIPv6Only)
    #expect(row.knowledge == [.cookie, .acceptQueueLimit, .ipv6Only])
  }

  @Test(arguments: [2, 10] as [UInt8])
  func `times of SYN_SENT and LISTEN count from boot and are not known`(state: UInt8) throws {
    let row = try decode(
      DiagBytes.socket(state: state) + DiagBytes.attribute(2, DiagBytes.info(ack: 1_168_784)))
    #expect(!row.knowledge.contains(.tcpInfo))
    #expect(row.lastAckReceivedMilliseconds == 0)
    #expect(row.lastDataSentMilliseconds == 0)
  }

  @Test(
    arguments: [
      (state: 1, acked: 1, sent: 0, again: 0, underWay: 0, size: 216, opener: .opened),
      (1, 0, 0, 0, 0, 216, .accepted), (8, 501, 700, 200, 0, 240, .opened),
      (8, 500, 700, 200, 0, 240, .accepted),
      // Neither, what is not acknowledged yet, with a FIN that counts too, and older kernels.
      (1, 502, 700, 200, 0, 216, []), (1, 1, 1, 0, 1, 216, []), (4, 1, 0, 0, 0, 216, []),
      (1, 1, 0, 0, 0, 215, []),
      // From the wire can come anything.
      (1, 0, 0, .max, 0, 216, []), (1, .max, .max, 0, 0, 216, .accepted),
    ]
      as [(
        state: UInt8, acked: UInt64, sent: UInt64, again: UInt64, underWay: UInt32, size: Int,
        opener: RowKnowledge
      )])
  func `the counters tell who opened a connection, or nothing is known of it`(
    _ line: (
      state: UInt8, acked: UInt64, sent: UInt64, again: UInt64, underWay: UInt32, size: Int,
      opener: RowKnowledge
    )
  ) throws {
    var info = DiagBytes.info(acked: line.acked)
    info.replaceSubrange(24..<28, with: DiagBytes.bytes(line.underWay))
    info.replaceSubrange(200..<208, with: DiagBytes.bytes(line.sent))
    info.replaceSubrange(208..<216, with: DiagBytes.bytes(line.again))
    let row = try decode(
      DiagBytes.socket(state: line.state) + DiagBytes.attribute(2, Array(info.prefix(line.size))))
    #expect(row.knowledge.intersection([.opened, .accepted]) == line.opener)
  }

  @Test func `an INFO that is too short for all its columns gives none of them`() throws {
    let long = try decode(
      DiagBytes.socket() + DiagBytes.attribute(2, DiagBytes.info(size: 140)))
    #expect(long.knowledge.contains(.tcpInfo))
    let short = try decode(
      DiagBytes.socket() + DiagBytes.attribute(2, DiagBytes.info(size: 139)))
    #expect(!short.knowledge.contains(.tcpInfo))
    #expect(short.lastAckReceivedMilliseconds == 0)
  }

  @Test func `unknown attributes are skipped, flags in a type are masked`() throws {
    let row = try decode(
      DiagBytes.socket() + DiagBytes.attribute(99, [1, 2, 3, 4, 5])
        + DiagBytes.attribute(0x8000 | 8, [3]))
    #expect(row.shutdown == 3)
  }

  @Test func `an unknown state and an unknown timer are kept`() throws {
    let row = try decode(DiagBytes.socket(state: 14, timer: 9))
    #expect(row.state.rawValue == 14)
    #expect(row.state.name == "UNKNOWN_14")
    #expect(row.timer == .other)
  }
}
