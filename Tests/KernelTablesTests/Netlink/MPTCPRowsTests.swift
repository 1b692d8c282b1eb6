// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

/// One row of each MPTCP connection, among those of the TCP table.
@Suite struct MPTCPRowsTests {
  private func subflow(
    _ state: TCPState = .established, inode: UInt64, cookie: UInt64, port: UInt16 = 1
  ) -> SocketRow {
    var row = SocketRow()
    (row.state, row.inode, row.cookie, row.remotePort) = (state, inode, cookie, port)
    row.localPort = 443
    row.knowledge = [.cookie, .tcpInfo]
    return row
  }

  private func mptcp(_ state: TCPState, inode: UInt64, port: UInt16 = 1) -> SocketRow {
    MPTCPRows.known(of: subflow(state, inode: inode, cookie: 99, port: port))
  }

  private func merged(_ rows: [SocketRow], from start: Int = 0) -> [SocketRow] {
    var rows = rows
    MPTCPRows.merge(&rows, from: start)
    return rows
  }

  @Test func `what an MPTCP socket has from its listener is not taken for its own`() {
    var row = subflow(.closeWait, inode: 7, cookie: 5)
    (row.timer, row.timerMilliseconds, row.retransmits) = (.keepalive, 53_000, 1)
    (row.bytesAcked, row.bytesReceived, row.segmentsOut) = (1, 2, 3)
    row.lastAckReceivedMilliseconds = 4000
    row.knowledge = [.cookie, .tcpInfo, .cgroup, .shutdown, .accepted]
    let known = MPTCPRows.known(of: row)
    #expect(known.knowledge == [.mptcp, .cgroup, .shutdown])
    #expect(known.cookie == 0 && known.timer == .none && known.timerMilliseconds == 0)
    #expect(known.bytesAcked == 0 && known.lastAckReceivedMilliseconds == 0)
    #expect(known.age().bound == .unknown)
    #expect(known.inode == 7 && known.state == .closeWait && known.localPort == 443)
  }

  @Test func `rows of an answer about MPTCP are such rows`() {
    var answer = SockDiagAnswer(
      namespace: NetnsID(rawValue: 1), sequence: 7, port: 4242, states: .all, isMPTCP: true)
    var rows: [SocketRow] = []
    let datagram = DiagBytes.message(
      DiagBytes.socket() + DiagBytes.attribute(2, DiagBytes.info()))
    _ = answer.read(datagram.span.bytes, into: &rows)
    #expect(rows.map(\.knowledge) == [.mptcp])
    #expect(rows.map(\.bytesAcked) == [0])
  }

  @Test func `it stands for its subflows, which go, and for no others`() {
    let rows = [
      subflow(inode: 7, cookie: 1), subflow(inode: 7, cookie: 2, port: 2),
      subflow(inode: 8, cookie: 3, port: 3), subflow(.listen, inode: 9, cookie: 4, port: 0),
      mptcp(.closeWait, inode: 7),
    ]
    #expect(merged(rows) == [rows[2], rows[3], rows[4]])
  }

  @Test func `one subflow in its state stands for it, as it tells more`() {
    let rows = [
      subflow(inode: 7, cookie: 1), subflow(.closeWait, inode: 7, cookie: 2, port: 2),
      subflow(.closeWait, inode: 7, cookie: 3, port: 3), mptcp(.closeWait, inode: 7),
    ]
    #expect(merged(rows) == [rows[1]])
  }

  @Test func `one without an inode is known by its ends, whose subflow still has the old inode`() {
    let rows = [
      subflow(inode: 7, cookie: 1), subflow(inode: 8, cookie: 2, port: 2),
      subflow(.timeWait, inode: 0, cookie: 3), mptcp(.finWait2, inode: 0),
    ]
    #expect(merged(rows) == [rows[1], rows[2], rows[3]])
  }

  @Test func `one without a subflow is a row all the same`() {
    let rows = [subflow(inode: 8, cookie: 2), mptcp(.closeWait, inode: 7)]
    #expect(merged(rows) == rows)
  }

  @Test func `rows of another namespace stay`() {
    let rows = [subflow(inode: 7, cookie: 1), mptcp(.closeWait, inode: 7)]
    #expect(merged(rows, from: 1) == rows)
  }
}
