// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// Connections are reset every 20 s, and the program never notices: the descriptors stay.
struct DeadSocketLeakTests {
  private func client(deadSockets: Int, closingAfter seconds: Double = .infinity) -> Story {
    var story = Story()
    story.host.start("app", pid: 100, unit: "app.service")
    story.host.add(at: (1...deadSockets).map { 20 * Double($0) }) { second in
      .opened(to: 443, by: 100).enters(.established, at: second - 15).dies(at: second)
        .isReleased(at: second + seconds)
    }
    return story
  }

  @Test func `descriptors that pile up on reset connections are a leak`() throws {
    var story = client(deadSockets: 31)
    story.look(every: 10, through: 400)
    let leak = try #require(story.firing.first)
    #expect(story.firingRules == [.deadSocketLeak])
    #expect(leak.holders == [100])
    #expect(leak.owner == Owner(.unit, "app.service"))
    #expect(leak.state == .close)
    #expect(leak.sockets == 20)
    #expect(leak.cause == .resetUnnoticed)
    #expect(leak.remotePort == 443)
  }

  @Test func `five past the patience fire, four do not`() {
    var story = client(deadSockets: 31)
    // The fifth was last seen alive at 90.
    story.look(every: 10, through: 200)
    #expect(story.firing == [])
    #expect(story.finding(.deadSocketLeak)?.survivors == 4)
    #expect(story.finding(.deadSocketLeak)?.doubts == [.fewSockets])
    story.look(at: 210)
    #expect(story.firingRules == [.deadSocketLeak])
    #expect(story.finding(.deadSocketLeak)?.survivors == 5)
  }

  @Test func `one nanosecond less than the patience is pending`() {
    var story = client(deadSockets: 31)
    story.look(every: 10, through: 200)
    // The fifth was last seen alive at 90.
    story.look(at: 210 - 1e-9)
    #expect(story.firing == [])
    story.look(at: 210)
    #expect(story.firingRules == [.deadSocketLeak])
  }

  @Test func `a pool that keeps thirteen dead descriptors for ever is none`() {
    var story = client(deadSockets: 13)
    // They died before the first look; nothing comes.
    for second in stride(from: 300.0, through: 1500, by: 10) {
      story.look(at: second)
      #expect(story.firing == [], "at \(second)")
    }
  }

  @Test func `dead descriptors that get closed within a minute are none`() {
    var story = client(deadSockets: 100, closingAfter: 60)
    for second in stride(from: 0.0, through: 1500, by: 10) {
      story.look(at: second)
      #expect(story.firing == [], "at \(second)")
    }
  }

  @Test func `a process whose descriptors can't be read is not accused`() {
    var story = client(deadSockets: 31)
    story.host.unreadable = [100]
    story.look(every: 10, through: 600)
    #expect(story.watch.findings == [])
  }

  @Test func `while the search is cut short, what it has not found has not stopped coming`()
    throws
  {
    var story = client(deadSockets: 61)
    story.host.mostDeadSockets = { $0 > 400 ? 5 : .max }
    story.look(every: 10, through: 400)
    #expect(story.firing.first?.growth != nil)
    for second in stride(from: 410.0, through: 1000, by: 10) {
      story.look(at: second)
      let leak = try #require(story.firing.first, "at \(second)")
      #expect(leak.growth != nil && leak.notGrowingSince == nil, "at \(second)")
      #expect(leak.sockets >= 20, "at \(second)")
    }
  }

  @Test func `what a first search had not found in time is no leak`() {
    var story = client(deadSockets: 40)
    // All of them died before.
    story.host.mostDeadSockets = { $0 < 1100 ? Int($0 - 1000) / 5 : .max }
    for second in stride(from: 1000.0, through: 1600, by: 10) {
      story.look(at: second)
      #expect(story.firing == [], "at \(second)")
    }
  }

  @Test func `it resolves when the process is restarted, and comes back under the same id`() throws
  {
    var story = Story()
    story.host.start("app", pid: 100, unit: "app.service", until: 500)
    story.host.start("app", pid: 200, unit: "app.service", from: 505)
    for (pid, start) in [(Int32(100), 0.0), (200, 900)] {
      story.host.add(at: (1...15).map { start + 20 * Double($0) }) { second in
        .opened(to: 443, by: pid).enters(.established, at: second - 15).dies(at: second)
      }
    }
    story.look(every: 10, through: 490)
    let id = try #require(story.firing.first).id
    story.look(every: 10, from: 500, through: 700)
    #expect(story.events.map(\.kind).last == .resolved)
    story.look(every: 10, from: 710, through: 1200)
    #expect(story.firing.map(\.id) == [id])
    #expect(story.firing.first?.holders == [200])
  }

  @Test func `CLOSE_WAIT that all died by keepalive is told as what was not closed`() throws {
    var story = Story()
    story.host.start("app", pid: 100)
    story.host.listen(8080, by: 100)
    story.host.add(at: (1...31).map { 20 * Double($0) }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second - 15)
        .enters(.closeWait, at: second, unread: 1).dies(at: second + 75)
        .changed { $0.hasKeepalive = true }
    }
    story.look(every: 10, through: 500)
    let leak = try #require(story.firing.first)
    // No CLOSE_WAIT lives for the patience: its age goes on with the dead descriptor.
    #expect(story.firingRules == [.closeWaitLeak])
    #expect(leak.cause == .eofUnread)
    #expect(leak.holders == [100])
    #expect(leak.localPort == 8080)
  }

  @Test func `it judges by the thresholds that it declares, and by no other`() throws {
    try ThresholdTrial.check(
      .deadSocketLeak,
      [
        ThresholdTrial(through: 400) { host in
          host.start("app", pid: 100)
          host.add(at: (0..<20).map { 60 + Double($0) / 100 }) { second in
            .opened(to: 443, by: 100).enters(.established, at: 1).dies(at: second)
          }
        },
        ThresholdTrial(through: 600) { host in
          host.start("app", pid: 100)
          host.add(at: (1...40).map { 20 * Double($0) }) { second in
            .opened(to: 443, by: 100).enters(.established, at: second - 15).dies(at: second)
              .isReleased(at: second == 20 ? 580 : .infinity)
          }
        },
      ])
  }
}
