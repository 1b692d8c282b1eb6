// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Testing

/// Which sockets may be released.
@Suite struct ReleasePlanTests {
  /// A socket that `pids` hold, `seconds` after the end of the stream.
  private struct Held {
    var cookie: UInt64
    var seconds: Double
    var pids: [Int32] = [812]
    var port: UInt16 = 8080
    var state = TCPState.closeWait
    var table = SocketHolder.Table.process
    var knowsAge = true
  }

  private static func plan(
    _ sockets: [Held], complete: Bool = true, gaps: [Gap] = [],
    order change: (inout ReleasePlan.Order) -> Void = { _ in }
  ) -> ReleasePlan {
    var order = ReleasePlan.Order(pid: 812, olderThanSeconds: 60, limit: 100)
    change(&order)
    var sample = Sample(
      takenAt: BootInstant(seconds: 10_000), wallClockSeconds: 0, states: StateSet(.closeWait))
    var report = HolderReport()
    report.isComplete = complete
    report.gaps = gaps
    for (index, held) in sockets.enumerated() {
      var row = SocketRow()
      row.state = held.state
      row.cookie = held.cookie
      row.inode = held.pids.isEmpty ? 0 : UInt64(100 + index)
      row.localPort = held.port
      row.lastAckReceivedMilliseconds = UInt32(held.seconds * 1000)
      row.lastDataReceivedMilliseconds = row.lastAckReceivedMilliseconds
      row.knowledge = held.knowsAge ? [.cookie, .tcpInfo] : [.cookie]
      sample.sockets.append(row)
      for pid in held.pids {
        let id = ProcessID(pid: pid, startTicks: 1)
        report.holders.append(
          SocketHolder(inode: row.inode, process: id, fd: Int32(index), table: held.table))
        if !report.processes.contains(where: { $0.id == id }) {
          report.processes.append(ProcessRecord(id: id))
        }
      }
    }
    return ReleasePlan(order, sample: sample, report: report)
  }

  private static func cookies(_ plan: ReleasePlan) -> [UInt64] { plan.choices.map(\.row.cookie) }

  @Test func `the oldest go first, and one that is just old enough goes too`() {
    let plan = Self.plan([
      Held(cookie: 1, seconds: 60), Held(cookie: 2, seconds: 500), Held(cookie: 3, seconds: 70),
    ])
    #expect(Self.cookies(plan) == [2, 3, 1])
    #expect(plan.staying.isEmpty && plan.knowsAllHolders)
  }

  @Test func `after a search that was cut short none goes, unless shared ones may`() {
    let sockets = [
      Held(cookie: 1, seconds: 900), Held(cookie: 2, seconds: 900, pids: [812, 9]),
      Held(cookie: 3, seconds: 10),
    ]
    let cut = [Gap(.boundReached, count: 40, detail: "descriptor tables")]
    let plan = Self.plan(sockets, complete: false, gaps: cut)
    #expect(plan.choices.isEmpty && !plan.knowsAllHolders)
    #expect(plan.staying == [.othersUnknown: 1, .shared: 1, .tooYoung: 1])
    let shared = Self.plan(sockets, complete: false, gaps: cut) { $0.includesShared = true }
    #expect(Set(Self.cookies(shared)) == [1, 2])
    // A process that could not be read is another matter: the page says so, and a person decides.
    let unread = [Gap(.descriptorsUnreadable, detail: "/proc/9/fd")]
    #expect(Self.cookies(Self.plan(sockets, complete: false, gaps: unread)) == [1])
  }

  @Test func `each that stays has its reason`() {
    let plan = Self.plan([
      Held(cookie: 1, seconds: 59.9), Held(cookie: 2, seconds: 900, knowsAge: false),
      Held(cookie: 3, seconds: 900, pids: [812, 9]), Held(cookie: 0, seconds: 900),
      Held(cookie: 5, seconds: 900, table: .ioUring), Held(cookie: 6, seconds: 900, port: 443),
      Held(cookie: 7, seconds: 900), Held(cookie: 8, seconds: 901),
    ]) {
      $0.port = 8080
      $0.limit = 1
    }
    #expect(Self.cookies(plan) == [8])
    #expect(
      plan.staying == [
        .tooYoung: 1, .ageUnknown: 1, .shared: 1, .noCookie: 1, .ioUringOnly: 1, .otherPort: 1,
        .beyondLimit: 1,
      ])
    #expect(plan.sharers.map(\.id.pid) == [9])
  }

  @Test func `of other states, other processes and accept queues there is no talk`() {
    let plan = Self.plan([
      Held(cookie: 1, seconds: 900, state: .established),
      Held(cookie: 2, seconds: 900, state: .listen), Held(cookie: 3, seconds: 900, pids: []),
      Held(cookie: 4, seconds: 900, pids: [9]), Held(cookie: 5, seconds: 900, state: .finWait2),
    ])
    #expect(plan.choices.isEmpty && plan.staying.isEmpty)
  }

  @Test func `a shared socket goes when that was asked for, with its other holders`() {
    let plan = Self.plan([Held(cookie: 3, seconds: 900, pids: [812, 9, 7])]) {
      $0.includesShared = true
    }
    #expect(plan.choices.map { $0.others.map(\.pid) } == [[7, 9]])
    #expect(plan.choices.map { $0.holders.map(\.process.pid) } == [[812]])
  }

  @Test func `who could not look everywhere does not know who else holds one`() {
    #expect(!Self.plan([Held(cookie: 1, seconds: 900)], complete: false).knowsAllHolders)
  }

  @Test func `what was agreed to goes, what is new or more widely shared does not`() {
    let shown = Self.plan([Held(cookie: 1, seconds: 900), Held(cookie: 2, seconds: 900)]) {
      $0.includesShared = true
    }
    let now = Self.plan([
      Held(cookie: 1, seconds: 960), Held(cookie: 2, seconds: 960, pids: [812, 9]),
      Held(cookie: 3, seconds: 99),
    ]) { $0.includesShared = true }
    #expect(now.choices(agreedIn: shown).map(\.row.cookie) == [1])
    #expect(Self.plan([]).choices(agreedIn: shown).isEmpty)
  }
}
