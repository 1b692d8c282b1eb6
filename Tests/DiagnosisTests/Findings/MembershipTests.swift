// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// A finding lives as long as its sockets do, and says how they went.
struct MembershipTests {
  /// A client whose sockets are left in CLOSE_WAIT, `perSecond` for some time, and then no more.
  private func incident(
    sockets: Int, perSecond: Double, unread: UInt32 = 1, until end: Double = .infinity
  ) -> Story {
    var story = Story()
    story.host.start("app", pid: 100, unit: "app.service", until: end)
    story.host.add(at: (0..<sockets).map { 60 + Double($0) / perSecond }) { second in
      .opened(to: 443, by: 100).enters(.established, at: 1)
        .enters(.closeWait, at: second, unread: unread).leaves(at: end)
    }
    return story
  }

  @Test func `600 sockets that stay are told as long as they stay`() throws {
    var story = incident(sockets: 600, perSecond: 3)
    story.look(every: 10, through: 1800)
    let leak = try #require(story.firing.first)
    #expect(story.firing.count == 1)
    #expect(leak.sockets == 600)
    #expect(leak.growth == nil)
    #expect(story.events.allSatisfy { $0.kind != .resolved })
  }

  @Test func `300 in 50 s and then quiet are told`() throws {
    var story = incident(sockets: 300, perSecond: 6)
    story.look(every: 10, through: 600)
    #expect(try #require(story.firing.first).sockets == 300)
    #expect(story.firing.count == 1)
  }

  @Test func `a full pool of a hundred dead connections is told`() throws {
    var story = incident(sockets: 100, perSecond: 10)
    story.look(every: 10, through: 600)
    #expect(try #require(story.firing.first).sockets == 100)
  }

  @Test func `what a process leaves behind when it exits is over at the next look`() {
    var story = incident(sockets: 600, perSecond: 3, until: 900)
    story.look(every: 10, through: 890)
    #expect(story.firing.count == 1)
    story.look(at: 900)
    #expect(story.firing == [])
    #expect(story.pending == [])
    #expect(story.events.map(\.kind).last == .resolved)
  }

  @Test func `what has ended says how, and how many there were at most`() throws {
    var exited = incident(sockets: 600, perSecond: 3, until: 900)
    exited.look(every: 10, through: 900)
    let end = try #require(exited.watch.findings.first?.end)
    guard case .exited(let process) = end.how else {
      Issue.record("ended otherwise: \(end)")
      return
    }
    #expect(process.pid == 100)
    #expect(end.gone == 600 && end.members == 600)
    #expect(exited.watch.findings.first?.peak == 600)
    #expect(exited.events.last?.finding.end == end)
  }

  @Test func `what is left of it is counted by process and by place too`() throws {
    var story = Story()
    story.host.start("app", pid: 100, unit: "app.service")
    story.host.listen(8080, by: 100)
    story.host.add(at: (0..<30).map { 60 + Double($0) }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: 1)
        .enters(.closeWait, at: second, unread: 1).leaves(at: second < 86 ? 400 : .infinity)
    }
    story.look(every: 10, through: 390)
    #expect(try #require(story.firing.first).culprits.map(\.sockets) == [30])
    story.look(every: 10, from: 400, through: 600)
    let left = try #require(story.firing.first)
    #expect(left.sockets == 4)
    #expect(left.culprits.map(\.sockets) == [4])
    #expect(left.peers.map(\.sockets) == [4])
  }

  @Test func `what has ended says how many younger ones there are at its port`() throws {
    var story = Story()
    story.host.start("app", pid: 100, unit: "app.service")
    story.host.listen(8080, by: 100)
    story.host.add(at: (0..<30).map { 60 + Double($0) }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: 1)
        .enters(.closeWait, at: second, unread: 1).leaves(at: 400)
    }
    story.host.add(at: (0..<7).map { 395 + Double($0) / 10 }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: 1)
        .enters(.closeWait, at: second, unread: 1).leaves(at: 430)
    }
    story.look(every: 10, through: 420)
    let end = try #require(story.events.last { $0.kind == .resolved }?.finding.end)
    #expect(end.gone == 30 && end.newer == 7)
  }

  @Test func `it is over when hardly any is left, and says how many were closed`() throws {
    var story = Story()
    story.host.start("api", pid: 100)
    story.host.listen(8080, by: 100)
    // 412 of 420 are closed over ten minutes; 8 stay.
    for number in 0..<420 {
      let socket = ScriptedSocket.accepted(on: 8080, by: 100).enters(.established, at: 1)
        .enters(.closeWait, at: 60 + Double(number) / 100, unread: 1)
      story.host.add(number < 8 ? socket : socket.leaves(at: 600 + 1.5 * Double(number)))
    }
    for second in stride(from: 0.0, through: 1190, by: 10) {
      story.look(at: second)
      if second >= 200 { #expect(story.firing.count == 1, "at \(second)") }
    }
    story.look(every: 10, from: 1200, through: 1500)
    #expect(story.firing == [])
    let over = try #require(story.events.last)
    #expect(over.kind == .resolved)
    #expect(over.finding.end?.how == .closed)
    #expect((over.finding.end?.gone ?? 0) >= 411)
    #expect(over.finding.end?.members == 420)
    #expect(over.finding.peak == 420)
    #expect(over.finding.sockets < 10)
  }

  @Test func `what stands says since when nothing has come`() throws {
    var story = incident(sockets: 600, perSecond: 3)
    story.look(every: 10, through: 1800)
    let since = try #require(story.firing.first?.notGrowingSince)
    // The last one came at 259.7.
    #expect(abs(since.seconds(since: HostScript.instant(259.667))) < 0.01)
  }

  @Test func `a process that was near its limit is not told once it is gone`() {
    var story = Story()
    story.host.start("web", pid: 100, unit: "web.service", until: 300) { _ in 1000 }
    story.host.listen(8080, by: 100)
    story.look(every: 10, through: 290)
    #expect(story.firingRules == [.descriptorExhaustion])
    story.look(at: 300)
    #expect(story.firing == [])
    #expect(story.pending == [])
    #expect(story.lifecycle(.descriptorExhaustion) == .resolved)
    story.look(every: 10, from: 310, through: 900)
    #expect(story.firing == [])
  }

  @Test func `dead descriptors of a process that has exited are not told on`() {
    var story = Story()
    story.host.start("app", pid: 100, unit: "app.service", until: 500)
    story.host.add(at: (1...20).map { 20 * Double($0) }) { second in
      .opened(to: 443, by: 100).enters(.established, at: second - 15).dies(at: second)
        .isReleased(at: 500)
    }
    story.look(every: 10, through: 490)
    #expect(story.firing.count == 1)
    story.look(at: 500)
    #expect(story.firing == [])
    #expect(story.pending == [])
  }

  // MARK: Not seen is not gone

  @Test func `ten minutes in which nothing can be read resolve nothing and raise nothing`() throws {
    var story = incident(sockets: 600, perSecond: 3)
    story.look(every: 10, through: 600)
    let told = story.events.count
    let before = try #require(story.firing.first)
    let namespaces = story.host.namespaces
    story.host.namespaces = []
    story.host.gaps = [Gap(.namespaceNotRead, detail: "/proc/1/ns/net: EIO")]
    story.host.unreadable = [100]
    story.look(every: 10, from: 610, through: 1300)
    #expect(story.events.count == told)
    let unseen = try #require(story.firing.first)
    #expect(unseen.id == before.id)
    #expect(unseen.sockets == 600)
    #expect(unseen.unseen == 600)
    #expect(unseen.notSeenSince == HostScript.instant(600))
    story.host.namespaces = namespaces
    story.host.gaps = []
    story.host.unreadable = []
    story.look(every: 10, from: 1310, through: 1600)
    #expect(story.events.count == told)
    #expect(story.firing.map(\.sockets) == [600])
    #expect(story.firing.map(\.growth) == [nil])
  }

  @Test func `rows that come back after a look without them are no growth`() {
    var story = incident(sockets: 300, perSecond: 30)
    story.look(every: 10, through: 300)
    let namespaces = story.host.namespaces
    for second in stride(from: 310.0, through: 900, by: 10) {
      let isRead = Int(second / 10) % 3 != 0
      story.host.namespaces = isRead ? namespaces : []
      story.host.gaps = isRead ? [] : [Gap(.namespaceNotRead, detail: "EIO")]
      story.look(at: second)
      #expect(story.firing.map(\.sockets) == [300], "at \(second)")
      #expect(story.firing.map(\.growth) == [nil], "at \(second)")
    }
    #expect(story.events.map(\.kind) == [.firing])
  }

  /// Nothing is known of any process then: not that it lives, and not that it has ended.
  @Test func `a search that does not finish ends nothing and hides nothing`() throws {
    var story = Story()
    story.host.start("web", pid: 100, unit: "web.service") { _ in 1000 }
    story.host.listen(8080, by: 100)
    story.host.add(at: stride(from: 0.0, to: 600, by: 2)) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second)
        .enters(.closeWait, at: second + 1, unread: 1)
    }
    story.host.start("app", pid: 200, unit: "app.service")
    story.host.add(at: (1...20).map { 20 * Double($0) }) { second in
      .opened(to: 443, by: 200).enters(.established, at: second - 15).dies(at: second)
    }
    story.look(every: 10, through: 400)
    let before = Set(story.firing.map(\.id))
    #expect(before.count == 3, "\(before)")
    let leak = try #require(story.finding(.closeWaitLeak))
    story.host.isShortOfTime = true
    story.look(at: 410)
    #expect(Set(story.firing.map(\.id)) == before)
    let unsearched = try #require(story.finding(.closeWaitLeak))
    #expect(unsearched.sockets == leak.sockets + 5)
    #expect(unsearched.growth != nil)
    story.host.isShortOfTime = false
    story.look(every: 10, from: 420, through: 440)
    #expect(Set(story.firing.map(\.id)) == before)
    #expect(!story.events.contains { $0.kind == .resolved })
  }

  // MARK: The watch itself

  @Test func `another pace of looks is no gap`() {
    var story = incident(sockets: 600, perSecond: 3)
    story.look(every: 1, through: 100)
    story.look(every: 15, from: 115, through: 900)
    #expect(story.firing.map(\.doubts) == [[]])
  }

  @Test func `what was there before the watch did not come while watched`() throws {
    var story = Story()
    story.host.start("app", pid: 100)
    // 33 have died before the first look; one every 20 s dies later.
    story.host.add(at: (1...33).map { Double($0) }) { second in
      .opened(to: 443, by: 100).enters(.established, at: second - 15).dies(at: second)
    }
    story.host.add(at: (0..<30).map { 100 + 20 * Double($0) }) { second in
      .opened(to: 443, by: 100).enters(.established, at: second - 15).dies(at: second)
    }
    story.look(every: 10, from: 90, through: 400)
    let leak = try #require(story.firing.first)
    let entered = leak.evidence.compactMap { evidence -> Int? in
      if case .turnover(let entered, _, _) = evidence { entered } else { nil }
    }
    #expect(leak.sockets == 49)
    #expect(entered == [16])
  }

  // MARK: One story from CLOSE_WAIT to death

  private func keepalive(_ sockets: Int, every gap: Double, unread: UInt32 = 1) -> Story {
    var story = Story()
    story.host.start("app", pid: 100)
    story.host.add(at: (1...sockets).map { 60 + gap * Double($0) }) { second in
      .opened(to: 443, by: 100).enters(.established, at: second - 15)
        .enters(.closeWait, at: second, unread: unread).dies(at: second + 75)
        .changed { $0.hasKeepalive = true }
    }
    return story
  }

  @Test func `a leak whose rows die before the patience is one leak with one count`() throws {
    var story = keepalive(1000, every: 0.25)
    story.look(every: 1, through: 230)
    let leak = try #require(story.firing.first)
    #expect(story.firingRules == [.closeWaitLeak])
    #expect(leak.sockets == 680)
    #expect(leak.cause == .eofUnread)
    #expect(leak.remotePort == 443)
  }

  @Test func `a block that has died since is a block`() throws {
    var story = Story()
    story.host.start("hub", pid: 100)
    story.host.listen(8080, by: 100)
    story.host.add(at: (0..<60).map { 20 + Double($0) / 60 }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: 1)
        .enters(.closeWait, at: second).dies(at: second + 75)
        .changed { $0.hasKeepalive = true }
    }
    story.look(every: 1, through: 230)
    let block = try #require(story.firing.first)
    #expect(story.firingRules == [.closeWaitStuck])
    #expect(block.cause == .eofReadNotClosed)
    #expect(block.sockets == 60)
    #expect(block.holders == [100])
    #expect(block.localPort == 8080)
  }
}
