// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// Rows that vanish under open descriptors: not seen is not gone, and gone from the table is not
/// closed. Looked at as a daemon does: every 15 s, for dead sockets once a minute.
struct DyingMembersTests {
  /// A server with a block of 30 in CLOSE_WAIT, and what becomes of them at 247 s.
  private func block(_ end: (ScriptedSocket) -> ScriptedSocket) -> Story {
    var story = Story()
    story.host.start("hub", pid: 100)
    story.host.start("worker", pid: 200, parent: 100)
    story.host.listen(8080, by: 100)
    story.host.add(at: (0..<30).map { 20 + Double($0) / 10 }) { second in
      end(
        .accepted(on: 8080, by: 100).enters(.established, at: second - 1)
          .enters(.closeWait, at: second))
    }
    return story
  }

  /// - Parameter states: What the cheap looks read: ESTABLISHED too where the table is small.
  private func watch(
    _ story: inout Story, states: StateSet, from start: Double = 0, through end: Double,
    _ check: (Story, Double) -> Void
  ) {
    for second in stride(from: start, through: end, by: 15) {
      var policy = Turn.Policy()
      if second.truncatingRemainder(dividingBy: 60) != 0 {
        policy.request.states = states
        policy.deadSockets = .never
        policy.learnsOpeners = false
      }
      story.look(at: second, policy)
      check(story, second)
    }
  }

  @Test(arguments: [StateSet.all, .allButEstablished])
  func `a block that dies at once between two searches goes on as the same finding`(
    states: StateSet
  ) throws {
    var story = block { $0.dies(at: 247) }
    watch(&story, states: states, through: 600) { story, second in
      if second >= 180 { #expect(story.firing.map(\.sockets) == [30], "at \(second)") }
    }
    #expect(story.events.map(\.kind) == [.firing])
    let dead = try #require(story.firing.first)
    #expect(dead.turnedDead == 30)
    #expect(dead.unseen == 0)
  }

  @Test func `a cheap look of a whole table shows at once that they are dead, not closed`() throws {
    var story = block { $0.dies(at: 247) }
    watch(&story, states: .all, through: 255) { _, _ in }
    let dead = try #require(story.firing.first)
    #expect(dead.turnedDead == 30)
    #expect(dead.unseen == 0)
  }

  @Test func `a block that is closed at once is over as soon as its process was asked`() {
    var story = block { $0.leaves(at: 247) }
    watch(&story, states: .all, through: 240) { _, _ in }
    #expect(story.firing.count == 1)
    watch(&story, states: .all, from: 255, through: 255) { _, _ in }
    #expect(story.firing == [])
    #expect(story.events.last?.finding.end?.how == .closed)
    #expect(story.events.last?.finding.end?.gone == 30)
  }

  @Test func `where a look cannot tell, what was closed is told by the next one that can`() {
    var story = block { $0.leaves(at: 247) }
    watch(&story, states: .allButEstablished, through: 285) { story, second in
      if second >= 180 { #expect(story.firing.count == 1, "at \(second)") }
    }
    #expect(story.firing.first?.unseen == 30)
    watch(&story, states: .allButEstablished, from: 300, through: 300) { _, _ in }
    #expect(story.firing == [])
    #expect(story.events.last?.finding.end?.how == .closed)
  }

  @Test func `what was handed to another process is asked of that one too`() {
    var story = block {
      $0.isReleased(at: 100).isHeld(by: 200, from: 90).dies(at: 247)
    }
    watch(&story, states: .all, through: 600) { story, second in
      if second >= 180 { #expect(story.firing.map(\.sockets) == [30], "at \(second)") }
    }
    #expect(story.events.map(\.kind) == [.firing])
  }

  // MARK: One leak, whenever its sockets die

  /// One a second: of five, `dying` die after 30 s by a reset, without keepalive.
  private func mixed(dying: Int, of outOf: Int = 5, from start: Double = 0) -> Story {
    var story = Story()
    story.host.start("srv", pid: 100, limit: 20_000)
    story.host.listen(9050, by: 100)
    story.host.add(at: (0..<600).map { 20 + Double($0) }) { second in
      let socket = ScriptedSocket.accepted(on: 9050, by: 100).enters(.established, at: second - 1)
        .enters(.closeWait, at: second)
      let dies = second < start || Int(second) % outOf < dying
      return dies ? socket.dies(at: second + 30) : socket
    }
    return story
  }

  @Test func `a leak of which some die before the patience is one finding with one pace`() throws {
    var story = mixed(dying: 3)
    story.look(every: 15, through: 600)
    let leak = try #require(story.firing.first)
    #expect(story.firingRules == [.closeWaitLeak])
    #expect(story.finding(.deadSocketLeak) == nil)
    #expect(leak.sockets == 581)
    let pace = try #require(leak.growth?.perSecond)
    #expect(abs(pace - 1) < 0.1, "\(pace)")
    let end = try #require(leak.forecast)
    let low = try #require(end.lowSeconds)
    let high = try #require(end.highSeconds)
    #expect((low...high).contains(Double(20_000 - end.used)))
  }

  @Test func `dead sockets that were told alone go on in the leak that they turn out to be of`() {
    var story = mixed(dying: 1, from: 200)
    story.look(every: 15, through: 300)
    #expect(story.firingRules == [.deadSocketLeak])
    story.look(every: 15, from: 315, through: 600)
    #expect(story.firingRules == [.closeWaitLeak])
    #expect(story.finding(.deadSocketLeak) == nil)
    let over = story.events.filter { $0.kind == .resolved }
    #expect(over.map(\.finding.rule) == [.deadSocketLeak])
    #expect(over.map(\.finding.end?.how) == [.continued(id: story.firing.first?.id ?? "")])
  }

  /// What is held back as a pool must not take an alarm with it.
  @Test func `dead sockets beside stale ones of a pool are told for themselves`() {
    var story = Story()
    story.host.start("app", pid: 100)
    story.host.add(at: (0..<20).map { 20 + Double($0) }) { second in
      .opened(to: 443, by: 100).enters(.established, at: second - 15)
        .enters(.closeWait, at: second, unread: 1)
    }
    story.host.add(at: (1...40).map { 60 + 10 * Double($0) }) { second in
      .opened(to: 443, by: 100).enters(.established, at: second - 5)
        .enters(.closeWait, at: second).dies(at: second + 16)
    }
    story.look(every: 5, through: 450)
    #expect(story.firingRules == [.deadSocketLeak])
  }
}
