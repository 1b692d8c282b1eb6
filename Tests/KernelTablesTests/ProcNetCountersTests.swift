// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@Suite struct ProcNetCountersTests {
  private static let snmp = Array(
    """
    Ip: Forwarding DefaultTTL
    Ip: 1 64
    Tcp: RtoAlgorithm MaxConn ActiveOpens PassiveOpens AttemptFails RetransSegs OutRsts
    Tcp: 1 -1 11 13 17 19 23

    """.utf8)

  @Test func `counters are found by name wherever they stand`() throws {
    let netstat = Array(
      """
      TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPTimeWaitOverflow TCPReqQFullDrop
      TcpExt: 0 29 31 37 18446744073709551615
      IpExt: InNoRoutes
      IpExt: 0

      """.utf8)
    let counters = try ProcNetCounters.decode(netstat: netstat, snmp: Self.snmp)
    var expected = TCPCounters()
    expected.activeOpens = 11
    expected.passiveOpens = 13
    expected.attemptFails = 17
    expected.retransmittedSegments = 19
    expected.outResets = 23
    expected.listenOverflows = 29
    expected.listenDrops = 31
    expected.timeWaitOverflow = 37
    expected.requestQueueFullDrop = .max
    #expect(counters == expected)
    #expect(counters.abortOnMemory == nil)
  }
}
