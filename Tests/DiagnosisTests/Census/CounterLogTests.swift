// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import TestSupport
import Testing

@testable import Diagnosis

/// Counters only mean something as a difference, and counters of kernels do odd things.
struct CounterLogTests {
  private func log(_ values: [UInt64?], every seconds: Double = 10) -> CounterLog {
    var log = CounterLog()
    for (index, value) in values.enumerated() {
      var sample = Sample(
        takenAt: HostScript.instant(seconds * Double(index)), wallClockSeconds: 0, states: .all)
      var namespace = NamespaceSample(id: HostScript.own)
      namespace.counters.listenOverflows = value
      sample.namespaces = [namespace]
      log.record(sample)
    }
    return log
  }

  private func increase(_ log: CounterLog, over seconds: Double = 1000) -> Int? {
    log.increase(of: \.listenOverflows, in: HostScript.own, overSeconds: seconds)?.increase
  }

  @Test func `the increase is that of the window`() throws {
    let log = log([100, 101, 103, 107])
    #expect(increase(log) == 7)
    #expect(increase(log, over: 10) == 4)
    let found = try #require(
      log.increase(of: \.listenOverflows, in: HostScript.own, overSeconds: 20))
    #expect(found == (6, 20))
    #expect(log.steps(of: \.listenOverflows, in: HostScript.own) == 3)
  }

  @Test func `one look has no difference`() {
    #expect(increase(log([100])) == nil)
    #expect(increase(log([])) == nil)
  }

  @Test func `a counter that the kernel does not have is unknown`() {
    #expect(increase(log([nil, nil])) == nil)
    #expect(increase(log([nil, 5])) == nil)
    #expect(increase(log([5, nil])) == nil)
  }

  @Test func `a counter that went down is unknown, not negative`() {
    #expect(increase(log([100, 7])) == nil)
  }

  @Test func `the largest possible difference does not trap`() {
    #expect(increase(log([0, .max])) == Int.max)
    #expect(increase(log([.max, .max])) == 0)
    #expect(increase(log([.max - 1, .max])) == 1)
  }

  @Test func `a thousand looks are thinned, and the span stays`() {
    let log = log((0..<1000).map { UInt64($0) })
    #expect(increase(log, over: 1e9) == 999)
    #expect(log.steps(of: \.listenOverflows, in: HostScript.own) <= 64)
  }

  @Test func `a namespace that has gone is forgotten`() {
    var log = log([1, 2])
    log.record(Sample(takenAt: HostScript.instant(30), wallClockSeconds: 0, states: .all))
    #expect(increase(log) == nil)
  }

  private func course(_ counts: [Int], window: Double = 60) -> CounterLog.DescriptorCourse {
    var log = CounterLog()
    var record = ProcessRecord(id: ProcessID(pid: 100, startTicks: 1))
    for (index, count) in counts.enumerated() {
      record.descriptorCount = count
      log.record([record], at: HostScript.instant(10 * Double(index)))
    }
    return log.descriptorCourse(of: record.id, above: 11, window: window)
  }

  /// A cache that fills by half of what is missing in 100 s, and a leak of one in two seconds
  /// beside it. Nobody looks for six minutes.
  @Test func `a pause of the looks does not hide a leak beside a cache that was seen after it`() {
    var log = CounterLog()
    var record = ProcessRecord(id: ProcessID(pid: 100, startTicks: 1))
    let looks =
      Array(stride(from: 0.0, through: 150, by: 15))
      + Array(stride(from: 500.0, through: 1130, by: 15))
    for second in looks {
      record.descriptorCount = Int(10_000 * (1 - exp2(-second / 100)) + second / 2)
      log.record([record], at: HostScript.instant(second))
    }
    let course = log.descriptorCourse(of: record.id, above: 11, window: 120)
    #expect(course.restsAt == nil)
  }

  @Test func `descriptors that rise all the time grow, and say how exactly that is known`() throws {
    let growth = try #require(course([10, 20, 30, 35, 50]).growth)
    #expect(growth.perSecond == 1)
    #expect(growth.low == (40 - 2 * 40.0.squareRoot()) / 40)
    #expect(growth.high == (40 + 2 * 40.0.squareRoot()) / 40)
  }

  @Test func `descriptors that jump to a level and stand there do not grow`() {
    #expect(course([10, 10, 900, 900, 900]).growth == nil)
    #expect(course([10, 900, 900, 901, 900, 901]).growth == nil)
    #expect(course([10, 10, 900]).growth == nil)
  }

  @Test func `descriptors that grow by one in a minute are seen to grow in a longer time`() throws {
    let growth = try #require(course((0...63).map { 20 + $0 / 6 }).growth)
    #expect(abs(growth.perSecond - 1 / 60) < 0.002)
  }

  @Test func `descriptors are above a level for as long as they did not fall below it`() {
    #expect(course([10, 12, 11, 40]).samples == 3)
    #expect(course([10, 12, 11, 40]).standingSeconds == 20)
    #expect(course([10, 12, 10]).samples == 0)
  }

  @Test func `descriptors of processes that nobody knows or hears of are forgotten`() {
    var log = CounterLog()
    let records = (1...3).map { pid in
      var record = ProcessRecord(id: ProcessID(pid: Int32(pid), startTicks: 1))
      record.descriptorCount = 10
      return record
    }
    log.record(records, at: HostScript.instant(0))
    log.record([records[0], records[1]], at: HostScript.instant(500))
    log.forgetDescriptors(at: HostScript.instant(700)) { $0 != records[1].id }
    let left = records.map { log.descriptorCourse(of: $0.id, above: 1, window: 60).samples }
    #expect(left == [2, 0, 0])
  }
}
