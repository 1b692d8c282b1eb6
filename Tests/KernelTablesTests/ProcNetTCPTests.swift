// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@Suite struct ProcNetTCPTests {
  static let header =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid"
    + "  timeout inode                                                     \n"

  private static func rows(
    _ lines: String, family: AddressFamily = .ipv4, states: StateSet = .all
  ) throws -> [SocketRow] {
    let text = Array((header + lines).utf8)
    var table = ProcNetTCP(family: family, namespace: NetnsID(rawValue: 5), states: states)
    var rows: [SocketRow] = []
    let used = try table.read(text.span, into: &rows)
    #expect(used == text.count)
    #expect(table.firstError == nil)
    return rows
  }

  @Test func `every column of a row comes from its own field`() throws {
    let row = try #require(
      try Self.rows(
        "  12: 0100007F:1F90 010200C0:9C40 04 00000011:00000013 01:00000064 00000005  1000"
          + "        7 42313 1 0000000000000000 20 0 0 10 -1\n"
      ).first)
    var expected = SocketRow()
    expected.namespace = NetnsID(rawValue: 5)
    expected.localAddress = .loopbackIPv4
    expected.localPort = 8080
    expected.remoteAddress = IPAddress(ipv4: 0xc000_0201)
    expected.remotePort = 40000
    expected.state = .finWait1
    expected.sendQueue = 0x11
    expected.receiveQueue = 0x13
    expected.timer = .retransmit
    expected.timerMilliseconds = 1000
    expected.retransmits = 5
    expected.uid = 1000
    expected.inode = 42313
    #expect(row == expected)
  }

  @Test(arguments: [2, 4]) func `probes are counted by the timer that sends them`(timer: Int) throws
  {
    let row = try #require(
      try Self.rows(
        "   0: 0100007F:1F90 0100007F:9C40 08 00000000:00000001 0\(timer):00000064 00000005  1000"
          + "        7 42313 1 0000000000000000 20 0 0 10 -1\n"
      ).first)
    #expect(row.retransmits == 7)
  }

  /// TIME_WAIT everywhere, orphans and connections that nobody accepted on most kernels.
  @Test(arguments: ["06", "05", "04", "01", "08", "03"])
  func `the kernel's 0 for a socket without a file is no user`(state: String) throws {
    func row(_ inode: Int, _ uid: Int) throws -> SocketRow {
      try #require(
        try Self.rows(
          "   1: 020200C0:B40C 507100CB:0050 \(state) 00000000:00000000 00:00000000 00000000 \(uid)"
            + "        0 \(inode) 3 000000000c773619                                      \n"
        ).first)
    }
    #expect(try row(0, 0).knownUID == nil)
    #expect(try row(0, 33).knownUID == 33)
    #expect(try row(42313, 0).knownUID == 0)
  }

  @Test func `TIME_WAIT has its timer and nothing else`() throws {
    let row = try #require(
      try Self.rows(
        "   1: 020200C0:B40C 507100CB:0050 06 00000000:00000000 03:000016C8 00000000     0"
          + "        0 0 3 000000000c773619                                      \n"
      ).first)
    #expect(row.state == .timeWait)
    #expect(row.timer == .timeWait)
    #expect(row.timerMilliseconds == 58_320)
    #expect(row.isOrphan)
  }

  @Test func `a mapped address is four words and compares equal to its IPv4 twin`() throws {
    let row = try #require(
      try Self.rows(
        "   0: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:9C40 01"
          + " 00000000:00000000 00:00000000 00000000     0        0 7 1\n", family: .ipv6
      ).first)
    #expect(row.family == .ipv6)
    #expect(row.localAddress == .loopbackIPv4)
    #expect(row.inode == 7)
  }

  @Test func `a true IPv6 address keeps the order of its bytes`() throws {
    let row = try #require(
      try Self.rows(
        "   0: B80D0120000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A"
          + " 00000000:00000000 00:00000000 00000000     0        0 7 1\n", family: .ipv6
      ).first)
    #expect(row.localAddress.description == "2001:db8::1")
    #expect(row.remoteAddress == .anyIPv6)
  }

  @Test func `an unknown state is kept and a known one that was not asked for is not`() throws {
    let line =
      "   0: 0100007F:1F90 0100007F:9C40 XX 00000000:00000000 00:00000000 00000000 0 0 7 1\n"
    let lines = ["01", "08", "0E"].map { state in
      line.split(separator: "XX").joined(separator: state)
    }
    let rows = try Self.rows(lines.joined(), states: StateSet(.closeWait))
    #expect(rows.map(\.state.rawValue) == [8, 14])
  }

  @Test func `any cut into pieces gives the same rows`() throws {
    let line =
      "   0: 0100007F:1F90 0100007F:9C40 08 00000000:00000001 00:00000000 00000000  1000"
      + "        0 42313 1 0000000000000000 20 0 0 10 -1\n"
    let text = Array((Self.header + line + line).utf8)
    for cut in 0...text.count {
      var table = ProcNetTCP(family: .ipv4, namespace: NetnsID(rawValue: 5), states: .all)
      var rows: [SocketRow] = []
      let used = try table.read(text.span.extracting(first: cut), into: &rows)
      let rest = try table.read(text.span.extracting(droppingFirst: used), into: &rows)
      #expect(used + rest == text.count)
      #expect(rows.map(\.inode) == [42313, 42313])
      #expect(table.firstError == nil)
    }
  }
}
