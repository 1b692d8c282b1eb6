// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// `tcp_max_tw_buckets` is reached: the rows stand still, and only a counter tells.
struct TimeWaitBucketOverflowTests {
  private func host(_ overflow: @escaping @Sendable (Double) -> UInt64?) -> Story {
    var story = Story()
    story.host.start("web", pid: 100, unit: "web.service")
    story.host.listen(80, by: 100)
    story.host.namespaces[0].settings.maxTimeWaitBuckets = 31
    story.host.counters = { second in
      var counters = TCPCounters()
      counters.timeWaitOverflow = overflow(second)
      return counters
    }
    story.host.add(at: (0..<31).map { Double($0) }) { second in
      .accepted(on: 80, by: nil).enters(.timeWait, at: second)
    }
    return story
  }

  @Test func `a counter that rises again and again fires, and names who closes first`() throws {
    var story = host { 1000 + UInt64($0) }
    story.look(every: 10, through: 30)
    let found = try #require(story.firing.first)
    #expect(story.firingRules == [.timeWaitBucketOverflow])
    #expect(found.severity == .warning)
    #expect(
      found.evidence.first
        == .counter(name: "TCPTimeWaitOverflow", increase: 30, seconds: 30))
    #expect(found.forecast?.limit == 31)
    #expect(found.culprits.map(\.process.id.pid) == [100])
    #expect(found.localPort == 80)
  }

  @Test func `the opener of a flood that this side closes is known where the kernel counts`() throws
  {
    var story = host { 1000 + UInt64($0) }
    story.host.start("batch", pid: 200, unit: "batch.service")
    for number in 0..<200 {
      story.host.add(
        .between(
          Endpoint(HostScript.here, UInt16(50_000 + number)), Endpoint(HostScript.elsewhere, 5432),
          by: nil
        ).enters(.timeWait, at: 1))
    }
    var count = ConnectCount(
      namespace: HostScript.own, remote: Endpoint(HostScript.elsewhere, 5432),
      process: ProcessID(pid: 200, startTicks: UInt64(HostScript.startsAt * 100)))
    count.connects = 210
    count.firstAt = HostScript.instant(1)
    story.host.connects = { [count] _ in [count] }
    story.look(every: 10, through: 30)
    let found = try #require(story.firing.first)
    #expect(found.culprits.map(\.process.id.pid) == [200])
    #expect(found.culprits.map(\.attribution) == [.counted])
    #expect(found.owner == Owner(.unit, "batch.service"))
    #expect(found.remotePort == 5432)
    #expect(found.doubts == [])
    #expect(found.evidence.contains { if case .connectsCounted = $0 { true } else { false } })
  }

  @Test func `one step is pending: a burst at the limit is no flood`() {
    var story = host { $0 >= 15 ? 1021 : 1000 }
    story.look(every: 10, through: 100)
    #expect(story.events == [])
    #expect(story.finding(.timeWaitBucketOverflow)?.doubts == [.watchedTooShort])
  }

  @Test func `a counter that rose before the first look is none`() {
    var story = host { _ in 1000 }
    story.look(every: 10, through: 100)
    #expect(story.watch.findings == [])
  }

  @Test func `a kernel without the counter is none`() {
    var story = host { _ in nil }
    story.look(every: 10, through: 100)
    #expect(story.watch.findings == [])
  }

  @Test func `a counter that goes down or stands at its end neither traps nor fires`() {
    var falling = host { UInt64.max - UInt64($0) }
    falling.look(every: 10, through: 100)
    #expect(falling.firing == [])
    var wrapping = host { $0 < 50 ? UInt64.max - 50 + UInt64($0) : UInt64($0) - 50 }
    wrapping.look(every: 10, through: 100)
    var leaping = host { $0 < 50 ? 0 : UInt64.max }
    leaping.look(every: 10, through: 100)
    #expect(leaping.firing == [])
  }

  @Test func `it resolves when the counter stands still again`() {
    var story = host { 1000 + UInt64(min($0, 100)) }
    story.look(every: 10, through: 100)
    #expect(story.firingRules == [.timeWaitBucketOverflow])
    story.look(every: 10, from: 110, through: 500)
    #expect(story.events.map(\.kind).last == .resolved)
    #expect(story.firing == [])
  }

  @Test func `it judges by the thresholds that it declares, and by no other`() throws {
    try ThresholdTrial.check(
      .timeWaitBucketOverflow,
      [
        ThresholdTrial(through: 300) { host in
          host.start("web", pid: 100)
          host.listen(80, by: 100)
          host.namespaces[0].settings.maxTimeWaitBuckets = 31
          host.counters = { second in
            var counters = TCPCounters()
            counters.timeWaitOverflow = 1000 + UInt64(second)
            return counters
          }
          host.add(at: (0..<31).map { Double($0) }) { second in
            .accepted(on: 80, by: nil).enters(.timeWait, at: second)
          }
        }
      ])
  }
}
