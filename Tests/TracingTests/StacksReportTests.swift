// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@testable import Tracing

@Suite struct StacksReportTests {
  private let fetch = [
    StackFrame(function: "recv", isOwn: false), StackFrame(function: "fetch", file: "a.c", line: 4),
  ]
  private let update = [StackFrame(function: "update", file: "a.c", line: 9)]
  private let backend = Endpoint(IPAddress(ipv4: 0xc000_0201), 5432)

  private func wait(
    _ kind: StoppedThread.Wait.Kind, _ arguments: [UInt64] = [7, 0, 0, 0, 0, 0],
    _ words: [UInt64: UInt32] = [:], number: Int64 = 61
  ) -> StoppedThread.Wait? {
    StoppedThread.Wait(
      systemCall: number, kind, arguments: arguments, word: { words[$0] }, threads: [7, 8])
  }

  @Test func `a lock is told with who holds it`() {
    let futex: [UInt64] = [0x1000, 128, 2, 0, 0, 0]
    #expect(
      wait(.futex, futex, [0x1000: 2, 0x1008: 8]) == .lock(address: 0x1000, holder: 8))
    // A condition: what stands where a mutex has its holder is no thread.
    #expect(wait(.futex, futex, [0x1000: 2, 0x1008: 9]) == .wake)
    #expect(wait(.futex, futex, [0x1000: 12, 0x1008: 8]) == .wake)
    // FUTEX_LOCK_PI: the holder, and that somebody waits.
    #expect(
      wait(.futex, [0x1000, 134, 0, 0, 0, 0], [0x1000: 0x8000_0007])
        == .lock(address: 0x1000, holder: 7))
    #expect(wait(.futex, futex) == .wake)
  }

  @Test func `a system call is told by what it waits for`() {
    #expect(wait(.descriptor("recv")) == .descriptor(call: "recv", fd: 7, peer: nil))
    #expect(wait(.events) == .events)
    #expect(wait(.other) == .call(61))
    #expect(wait(.other, number: -1) == nil)
    #expect(wait(.descriptor("recv"), []) == nil)
  }

  @Test func `threads that wait for one backend in one place are one group`() {
    let threads = (0..<21).map { index in
      StoppedThread(
        tid: 100 + index, name: "worker",
        wait: .descriptor(call: "recv", fd: index, peer: backend), frames: fetch)
    }
    let other = StoppedThread(tid: 99, name: "main", wait: .events, frames: update)
    let report = StacksReport([other] + threads, stoppedSeconds: 0.002, missed: 0)
    #expect(report.groups.map(\.threads.count) == [21, 1])
    #expect(report.groups.first?.threads.first == 100)
    #expect(report.locks == [])
  }

  @Test func `another place or another backend is another group`() {
    let second = Endpoint(IPAddress(ipv4: 0xc000_0202), 5432)
    let waits: [StoppedThread.Wait] = [
      .descriptor(call: "recv", fd: 1, peer: backend),
      .descriptor(call: "recv", fd: 2, peer: second), .descriptor(call: "recv", fd: 3, peer: nil),
    ]
    let threads = waits.enumerated().map { index, wait in
      StoppedThread(tid: Int32(index), name: "", wait: wait, frames: fetch)
    }
    let moved = StoppedThread(tid: 9, name: "", wait: waits[0], frames: update)
    let report = StacksReport(threads + [moved], stoppedSeconds: 0, missed: 0)
    #expect(report.groups.count == 4)
  }

  @Test func `the lock that most wait for leads, and its holder is found`() {
    let held = StoppedThread(
      tid: 8, name: "", wait: .descriptor(call: "recv", fd: 3, peer: backend), frames: fetch)
    let waiting = (10..<13).map {
      StoppedThread(tid: $0, name: "", wait: .lock(address: 16, holder: 8), frames: update)
    }
    let alone = StoppedThread(
      tid: 20, name: "", wait: .lock(address: 32, holder: nil), frames: fetch)
    let report = StacksReport([held, alone] + waiting, stoppedSeconds: 0, missed: 2)
    #expect(report.locks.map(\.address) == [16, 32])
    #expect(report.locks.first == StacksReport.Lock(address: 16, waiting: 3, holder: 8))
    #expect(report.group(of: 8)?.frames == fetch)
    #expect(report.missed == 2)
  }

  @Test func `as JSON it says the same, with what each waits for`() {
    let threads = [
      StoppedThread(
        tid: 7, name: "web", wait: .descriptor(call: "recv", fd: 5, peer: backend), frames: fetch),
      StoppedThread(tid: 8, name: "web", wait: .lock(address: 0x7f00, holder: 7), frames: update),
      StoppedThread(tid: 9, name: "web", wait: nil, frames: []),
    ]
    let report = StacksReport(threads, stoppedSeconds: 0.0125, missed: 1)
    let json = String(
      decoding: report.json(of: .init(pid: 7, command: "web", main: nil)), as: UTF8.self)
    #expect(
      json == """
        {"schema_version":1,"target":{"pid":7,"command":"web","main":null},"threads":3,"missed":1,\
        "stopped_seconds":0.0125,"groups":[\
        {"threads":[7],"name":"web","wait":{"kind":"descriptor","call":"recv","fd":5,\
        "peer":"192.0.2.1:5432"},"frames":[\
        {"function":"recv","file":null,"line":null,"own":false},\
        {"function":"fetch","file":"a.c","line":4,"own":true}]},\
        {"threads":[8],"name":"web","wait":{"kind":"lock","address":"0x7f00","holder":7},\
        "frames":[{"function":"update","file":"a.c","line":9,"own":true}]},\
        {"threads":[9],"name":"web","wait":{"kind":"none"},"frames":[]}],\
        "locks":[{"address":"0x7f00","waiting":1,"holder":7}]}

        """)
  }
}
