// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import Testing

/// What a person reads before agreeing, and what is written down after it.
@Suite struct ReleaseTextTests {
  private static func plan(
    _ ages: [Double], shared: Bool = false, command: String = "python3"
  ) -> ReleasePlan {
    var order = ReleasePlan.Order(pid: 4711, olderThanSeconds: 300, limit: 100)
    order.includesShared = shared
    var sample = Sample(
      takenAt: BootInstant(seconds: 10_000), wallClockSeconds: 0, states: StateSet(.closeWait))
    var report = HolderReport()
    report.isComplete = true
    var holder = FoundLeak.process(4711, command, unit: "api.service")
    holder.command = command
    report.processes = [holder, FoundLeak.process(4712, "worker")]
    for (index, seconds) in ages.enumerated() {
      var row = SocketRow()
      row.state = .closeWait
      row.cookie = UInt64(index + 1)
      row.inode = UInt64(100 + index)
      row.localAddress = ListedHost.address("192.0.2.1")
      row.localPort = 18080
      row.remoteAddress = ListedHost.address("203.0.113.9")
      row.remotePort = UInt16(40_000 + index)
      row.receiveQueue = index == 0 ? 101 : 0
      row.lastAckReceivedMilliseconds = UInt32(seconds * 1000)
      row.lastDataReceivedMilliseconds = row.lastAckReceivedMilliseconds
      row.knowledge = [.cookie, .tcpInfo]
      sample.sockets.append(row)
      report.holders.append(
        SocketHolder(inode: row.inode, process: holder.id, fd: Int32(7 + index)))
      if index == 1 {
        report.holders.append(
          SocketHolder(inode: row.inode, process: ProcessID(pid: 4712, startTicks: 4712), fd: 3))
      }
    }
    return ReleasePlan(order, sample: sample, report: report)
  }

  @Test func `the page says what goes, what stays, and what may happen`() {
    #expect(
      ReleaseText(Self.plan([900, 900, 10]), style: TextStyle()).text() == """
        WILL RELEASE 1 socket in CLOSE_WAIT of python3[4711] (api.service)
          fd 7: 192.0.2.1:18080 -> 203.0.113.9:40000, 15 min, Recv-Q 101

        Each connection is aborted with a reset: its row leaves the tables, and the
        peer, if it still has the connection, reads ECONNRESET. This cannot be undone.

        WILL NOT
          - close a descriptor: it stays open in the process until that closes it,
            and counts towards its limit (112 of 1,024)
          - fix the leak: closewatch explain close-wait-leak
          - touch 1 socket not known to be older than 5 min
          - touch 1 socket that worker[4712] holds too: --shared includes them

        MAY
          - wake the program: one that waits for such a socket (epoll, poll) sees HUP
            and ERR and may close it then; a read returns 0, the first write
            ECONNABORTED

        """)
  }

  @Test func `with nothing to release the reasons stand alone`() {
    #expect(
      ReleaseText(Self.plan([10]), style: TextStyle()).text() == """
        Nothing to release: no socket in CLOSE_WAIT of python3[4711] (api.service)
        qualifies.
          - 1 socket not known to be older than 5 min

        """)
  }

  @Test func `a name cannot forge a line, and no line is too long`() {
    let plan = Self.plan(
      Array(repeating: 900, count: 60), shared: true, command: "a\nWILL\u{1b}[2J")
    for style in [TextStyle(), TextStyle(unicode: true)] {
      let text = ReleaseText(plan, style: style).text()
      #expect(text.contains("a?WILL?[2J[4711]"))
      #expect(text.contains("and 40 younger ones"))
      #expect(text.contains("worker[4712]"))
      for line in text.split(separator: "\n") { #expect(line.count <= 79, "\(line)") }
    }
  }

  @Test func `the result and its entry name what was done, to whom, by whom`() {
    let plan = Self.plan([900, 800])
    var result = ReleaseResult()
    result.released = plan.choices
    result.goneMeanwhile = 2
    result.failed = ["Operation not permitted (EPERM)": 3]
    #expect(
      result.line
        == "Released 1 socket; 2 already gone; 3 failed: Operation not permitted (EPERM)")
    let fields = result.fields(plan, by: ReleaseResult.Operator(uid: 0, loginUID: 1000))
    let values = Dictionary(fields.map { ($0.name, $0.value) }, uniquingKeysWith: { a, _ in a })
    #expect(
      values["MESSAGE"]
        == "release by user 1000, of sockets in CLOSE_WAIT for 5 min and more, in python3[4711] "
        + "(api.service): released 1 socket; 2 already gone; 3 failed: Operation not permitted "
        + "(EPERM)")
    #expect(values["MESSAGE_ID"] == MessageIDs.release)
    #expect(values["CLOSEWATCH_LOGIN_UID"] == "1000" && values["CLOSEWATCH_UID"] == "0")
    #expect(values["CLOSEWATCH_RELEASED"] == "1" && values["CLOSEWATCH_FAILED"] == "3")
    #expect(values["CLOSEWATCH_SOCKET"] == "192.0.2.1:18080 -> 203.0.113.9:40000")
    #expect(values["OBJECT_PID"] == "4711" && values["CLOSEWATCH_UNIT"] == "api.service")
  }
}
