// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@Suite struct ProcNetSockStatTests {
  private static let text = Array(
    """
    sockets: used 27
    TCP: inuse 101 orphan 2 tw 17 alloc 103 mem 5
    UDP: inuse 0 mem 0

    """.utf8)

  @Test func `numbers of both families are read`() throws {
    let stat = try ProcNetSockStat.decode(
      sockstat: Self.text, sockstat6: Array("TCP6: inuse 4\nUDP6: inuse 9\n".utf8))
    var expected = SockStat()
    expected.inUse = 101
    expected.inUse6 = 4
    expected.timeWait = 17
    expected.orphans = 2
    expected.allocated = 103
    expected.memoryPages = 5
    #expect(stat == expected)
  }

  @Test func `a host without IPv6 has no sockstat6`() throws {
    #expect(try ProcNetSockStat.decode(sockstat: Self.text, sockstat6: []).inUse6 == 0)
  }

  @Test func `a sockstat6 without TCP6 is refused`() {
    #expect(throws: DecodeError.missing(table: "/proc/net/sockstat6", field: "TCP6")) {
      try ProcNetSockStat.decode(sockstat: Self.text, sockstat6: Array("UDP6: inuse 1\n".utf8))
    }
  }
}
