// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// The whole core over time: one look, restarts, what comes back.
struct WatchTests {
  private func leakingServer(until end: Double = 3000, unit: String? = "api.service") -> Story {
    var story = Story()
    story.host.start("api", pid: 100, unit: unit)
    story.host.listen(8080, by: 100)
    story.host.add(at: stride(from: 20, through: end, by: 20)) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second - 5)
        .enters(.closeWait, at: second, unread: 1)
    }
    return story
  }

  @Test func `one look keeps growth pending, and says why`() throws {
    var story = leakingServer()
    story.look(at: 1000)
    let leak = try #require(story.finding(.closeWaitLeak))
    #expect(leak.lifecycle == .pending)
    #expect(leak.doubts == [.oneLook])
    #expect(leak.holders == [100])
    #expect(story.events == [])
  }

  @Test func `one look at a client's sockets says that a pool may be filling`() throws {
    var story = Story()
    story.host.start("app", pid: 100)
    story.host.add(at: stride(from: 20, through: 1000, by: 20)) { second in
      .opened(to: 443, by: 100).enters(.established, at: second - 5)
        .enters(.closeWait, at: second, unread: 1)
    }
    story.look(at: 1000)
    let leak = try #require(story.finding(.closeWaitLeak))
    #expect(leak.lifecycle == .pending)
    #expect(leak.doubts.contains(.poolOrLeak))
  }

  @Test func `one look is enough when there is no time for a second`() throws {
    var story = Story()
    story.host.start("api", pid: 100) { _ in 24 }
    story.host.listen(8080, by: 100)
    // 932 at 1.5 a second: the last of 1,024 descriptors goes in 45 s.
    story.host.add(at: (0..<932).map { Double($0) / 1.5 }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second)
        .enters(.closeWait, at: second, unread: 1)
    }
    story.look(at: 622)
    let leak = try #require(story.firing.first { $0.rule == .closeWaitLeak })
    #expect(leak.severity == .critical)
    #expect(abs(try #require(leak.forecast?.seconds) - 45) < 3)
    #expect(abs(try #require(leak.growth).perSecond - 1.5) < 0.1)
  }

  @Test func `an empty host has no findings and no events`() {
    var story = Story()
    story.look(every: 10, through: 300)
    #expect(story.watch.findings == [])
    #expect(story.events == [])
  }

  @Test func `asked before the first look, it knows nothing`() {
    var watch = Watch(settings: RuleSettings())
    #expect(watch.judge() == [])
    #expect(watch.findings == [])
  }

  @Test func `ids are the same after a restart of closewatch`() throws {
    var story = leakingServer()
    story.look(every: 10, through: 400)
    let id = try #require(story.firing.first).id
    story.restart()
    story.look(every: 10, from: 410, through: 600)
    #expect(story.firing.contains { $0.id == id })
    #expect(story.firing.count == 1)
    #expect(id == "close-wait-leak/unit:api.service/:8080")
  }

  @Test func `ids are the same after a restart of the process`() throws {
    var story = Story()
    story.host.start("api", pid: 100, until: 600)
    story.host.start("api", pid: 555, from: 601)
    for (pid, start, end) in [(Int32(100), 0.0, 600.0), (555, 601, 5000)] {
      story.host.add(
        .between(Endpoint(.anyIPv4, 8080), Endpoint(.anyIPv4, 0), by: pid)
          .enters(.listen, at: start).leaves(at: end))
      story.host.add(at: stride(from: start + 20, to: min(end, 2000), by: 20)) { second in
        .accepted(on: 8080, by: pid).enters(.established, at: second - 5)
          .enters(.closeWait, at: second, unread: 1).leaves(at: end)
      }
    }
    story.look(every: 10, through: 590)
    let id = try #require(story.firing.first).id
    story.look(every: 10, from: 600, through: 780)
    #expect(story.events.map(\.kind).last == .resolved)
    #expect(story.events.last?.finding.id == id)
    story.look(every: 10, from: 790, through: 1700)
    #expect(story.firing.map(\.id) == [id])
    #expect(story.firing.first?.holders == [555])
  }

  @Test func `a finding is told when it fires, at each doubling, and when it is over`() {
    var story = Story()
    story.host.start("api", pid: 100)
    story.host.listen(8080, by: 100)
    story.host.add(at: stride(from: 20, through: 800, by: 20)) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second - 5)
        .enters(.closeWait, at: second, unread: 1).leaves(at: 800)
    }
    story.look(every: 10, through: 790)
    let counts = story.events.map(\.finding.sockets)
    // 11 at first, 22 later, and 39 in the end.
    #expect(story.events.map(\.kind) == [.firing, .worsened])
    #expect(zip(counts, counts.dropFirst()).allSatisfy { 2 * $0 <= $1 })
    story.look(every: 10, from: 800, through: 1100)
    #expect(story.events.map(\.kind) == [.firing, .worsened, .resolved])
    #expect(story.watch.findings.map(\.lifecycle) == [.resolved])
  }

  @Test func `a leak that ends in sockets that stay is still told, without a forecast`() throws {
    var story = leakingServer(until: 600)
    story.look(every: 10, through: 600)
    #expect(try #require(story.firing.first).forecast?.seconds != nil)
    story.look(every: 10, from: 610, through: 1200)
    #expect(story.firingRules == [.closeWaitLeak])
    #expect(try #require(story.firing.first).forecast?.seconds == nil)
    #expect(try #require(story.firing.first).sockets == 30)
  }

  @Test func `a replay gives the same findings and events every time`() {
    var one = leakingServer()
    var other = leakingServer()
    one.look(every: 10, through: 500)
    other.look(every: 10, through: 500)
    #expect(one.events == other.events)
    #expect(one.watch.findings == other.watch.findings)
    #expect(one.events.isEmpty == false)
  }

  @Test func `two programs of one name that leak to one port are two findings`() {
    var story = Story()
    for pid in [Int32(100), 200] {
      story.host.start("worker", pid: pid)
      story.host.add(at: stride(from: 20, through: 900, by: pid == 100 ? 20 : 15)) { second in
        .opened(to: 443, by: pid).enters(.established, at: second - 5)
          .enters(.closeWait, at: second, unread: 4097)
      }
    }
    story.look(every: 10, through: 500)
    #expect(story.firing.count == 2)
    #expect(Set(story.firing.map(\.id)).count == 2)
    #expect(Set(story.firing.map(\.holders)) == [[100], [200]])
  }
}
