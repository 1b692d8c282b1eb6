// SPDX-License-Identifier: Apache-2.0

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

  @Test func `descriptors grow by their first and last count`() throws {
    var log = CounterLog()
    var record = ProcessRecord(id: ProcessID(pid: 100, startTicks: 1))
    for (index, count) in [10, 12, 11, 40].enumerated() {
      record.descriptorCount = count
      log.record([record], at: HostScript.instant(10 * Double(index)))
    }
    let growth = try #require(log.descriptorGrowth(of: record.id))
    #expect(growth.perSecond == 1)
    #expect(growth.low < 1 && growth.high > 1)
    #expect(log.newestLooks(of: record.id, withAtLeast: 11) == 3)
    #expect(log.newestLooks(of: record.id, withAtLeast: 41) == 0)
    #expect(log.descriptorGrowth(of: ProcessID(pid: 100, startTicks: 2)) == nil)
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
    let left = records.map { log.newestLooks(of: $0.id, withAtLeast: 1) }
    #expect(left == [2, 0, 0])
  }
}
