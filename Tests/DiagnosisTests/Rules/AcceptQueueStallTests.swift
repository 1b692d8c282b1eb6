// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// A server that has stopped to call accept(): clients wait, give up, and stay in its queue.
struct AcceptQueueStallTests {
  private func stalled(waiting: Int, queueLimit: UInt32 = 128, readable: Bool = true) -> Story {
    var story = Story()
    story.host.start("api", pid: 100, unit: "api.service")
    if !readable { story.host.unreadable = [100] }
    story.host.listen(8080, by: 100, queueLimit: queueLimit)
    story.host.add(at: (1...waiting).map { 5 * Double($0) }) { second in
      .accepted(on: 8080, by: nil).enters(.established, at: second)
        .enters(.closeWait, at: second + 30, unread: 1)
    }
    return story
  }

  @Test func `clients that died in the queue are a stall of the listener, seen in one look`() throws
  {
    var story = stalled(waiting: 7)
    story.look(at: 300)
    let stall = try #require(story.firing.first)
    #expect(story.firingRules == [.acceptQueueStall])
    #expect(stall.cause == .notAccepted)
    #expect(stall.sockets == 7)
    #expect(stall.culprits.map(\.process.id.pid) == [100])
    #expect(stall.culprits.map(\.role) == [.listener])
    #expect(stall.culprits.map(\.attribution) == [.listener])
    #expect(stall.owner == Owner(.unit, "api.service"))
    #expect(stall.localPort == 8080)
    #expect(stall.evidence.contains(.acceptQueue(used: 7, limit: 128)))
    #expect(stall.severity == .warning)
  }

  @Test func `a suspend does not make a stall of what waits for a moment`() {
    var story = Story()
    story.host.start("api", pid: 100)
    story.host.listen(8080, by: 100, queueLimit: 128)
    story.host.sleeps = [64.0...3664]
    for number in 0..<12 {
      story.host.add(
        .accepted(on: 8080, by: nil).enters(.established, at: 59 + Double(number) / 100)
          .enters(.closeWait, at: 60 + Double(number) / 10, unread: 1).leaves(at: 3668))
    }
    story.look(every: 10, through: 60)
    story.look(at: 63)
    story.look(at: 3665)
    story.look(at: 3667)
    #expect(story.events == [])
  }

  @Test func `those that still wait in ESTABLISHED are counted with them`() throws {
    var story = stalled(waiting: 7)
    // The last entered CLOSE_WAIT at 65. Four more wait.
    story.host.add(at: [150, 151, 152, 153]) { second in
      .accepted(on: 8080, by: nil).enters(.established, at: second)
    }
    story.look(at: 300)
    let stall = try #require(story.firing.first)
    #expect(stall.sockets == 11)
    #expect(stall.evidence.contains(.acceptQueue(used: 11, limit: 128)))
  }

  @Test func `two past the patience are pending, the third fires`() {
    var story = stalled(waiting: 3)
    // The third entered CLOSE_WAIT at 45.
    story.look(at: 164.999)
    #expect(story.lifecycle(.acceptQueueStall) == .pending)
    #expect(story.finding(.acceptQueueStall)?.doubts == [.oneLook])
    story.look(at: 165)
    #expect(story.lifecycle(.acceptQueueStall) == .firing)
  }

  @Test func `of few that wait none more is waited for`() {
    var story = stalled(waiting: 2)
    story.look(at: 164)
    #expect(story.finding(.acceptQueueStall)?.doubts == [.fewSockets])
  }

  @Test func `a queue beyond its limit is critical: new clients are turned away`() throws {
    var story = stalled(waiting: 7, queueLimit: 6)
    story.host.counters = { second in
      var counters = TCPCounters()
      counters.listenOverflows = 1000 + UInt64(second)
      return counters
    }
    story.look(every: 10, from: 100, through: 300)
    let stall = try #require(story.firing.first)
    #expect(stall.severity == .critical)
    #expect(stall.evidence.contains(.acceptQueue(used: 7, limit: 6)))
    #expect(
      stall.evidence.contains(
        .turnedAway(increase: 200, seconds: 200, byThisAlone: true)))
  }

  @Test func `clients that give up in the two seconds before accept() are none`() {
    var story = Story()
    story.host.start("api", pid: 100)
    story.host.listen(8080, by: 100)
    story.host.add(at: stride(from: 1, through: 600, by: 1)) { second in
      .accepted(on: 8080, by: nil).enters(.established, at: second)
        .enters(.closeWait, at: second + 0.5, unread: 1).leaves(at: second + 2)
    }
    story.look(every: 10, through: 600)
    #expect(story.watch.findings == [])
  }

  @Test func `accepted sockets are no stall`() {
    var story = Story()
    story.host.start("api", pid: 100)
    story.host.listen(8080, by: 100)
    story.host.add(at: (1...31).map { Double($0) }) { second in
      .accepted(on: 8080, by: 100).enters(.closeWait, at: second, unread: 1)
    }
    story.look(every: 10, through: 300)
    #expect(story.finding(.acceptQueueStall) == nil)
  }

  @Test func `a listener whose process can't be read is named by its port, and nobody is blamed`()
    throws
  {
    var story = stalled(waiting: 7, readable: false)
    story.host.start("sshd", pid: 22)
    story.host.listen(22, by: 22)
    story.look(at: 300)
    let stall = try #require(story.firing.first)
    #expect(stall.culprits == [])
    #expect(stall.owner.kind == .kernel)
    #expect(stall.localPort == 8080)
    #expect(stall.doubts.contains(.holdersIncomplete))
  }

  /// A second process listens at the port of the first (SO_REUSEPORT).
  private func shared(isAccepting: Bool) throws -> Finding {
    var story = stalled(waiting: 7)
    story.host.start("api", pid: 101, unit: "api.service")
    story.host.add(
      .between(Endpoint(.anyIPv4, 8080), Endpoint(.anyIPv4, 0), by: 101).enters(.listen, at: 0)
        .changed { $0.isAccepting = isAccepting })
    story.look(at: 300)
    return try #require(story.firing.first)
  }

  @Test func `all members of a SO_REUSEPORT group in whose queues something waits are named`()
    throws
  {
    let stall = try shared(isAccepting: false)
    #expect(stall.culprits.map(\.process.id.pid) == [100, 101])
    #expect(stall.culprits.allSatisfy { $0.role == .listener })
  }

  @Test func `a member of a SO_REUSEPORT group that accepts has no part in the stall`() throws {
    let stall = try shared(isAccepting: true)
    #expect(stall.culprits.map(\.process.id.pid) == [100])
    #expect(stall.evidence.contains(.acceptQueue(used: 7, limit: 128)))
    #expect(stall.forecast?.limit == 129)
  }

  @Test func `the exact address is charged before the wildcard`() throws {
    var story = stalled(waiting: 7)
    story.host.start("special", pid: 300)
    story.host.add(
      .between(Endpoint(HostScript.here, 8080), Endpoint(.anyIPv4, 0), by: 300)
        .enters(.listen, at: 0))
    story.look(at: 300)
    #expect(try #require(story.firing.first).culprits.map(\.process.id.pid) == [300])
  }

  @Test func `it resolves when the server accepts again, and comes back under the same id`() throws
  {
    var story = Story()
    story.host.start("api", pid: 100, unit: "api.service")
    story.host.listen(8080, by: 100)
    for (start, end) in [(0.0, 300.0), (600, 1200)] {
      story.host.add(at: (1...7).map { start + Double($0) }) { second in
        .accepted(on: 8080, by: nil).enters(.established, at: second)
          .enters(.closeWait, at: second + 5, unread: 1).leaves(at: end)
      }
    }
    story.look(every: 10, through: 400)
    let id = try #require(story.firing.first).id
    story.look(every: 10, from: 410, through: 600)
    #expect(story.events.map(\.kind) == [.firing, .resolved])
    story.look(every: 10, from: 610, through: 1190)
    #expect(story.firing.map(\.id) == [id])
    #expect(story.events.map(\.kind) == [.firing, .resolved, .firing])
  }

  @Test func `once all are accepted nothing grows and runs out, until it is sure to be over`()
    throws
  {
    var story = Story()
    story.host.start("api", pid: 100)
    story.host.listen(8080, by: 100)
    story.host.add(at: (1...60).map { 5 * Double($0) }) { second in
      .accepted(on: 8080, by: nil).enters(.established, at: second)
        .enters(.closeWait, at: second + 3, unread: 1).leaves(at: 295)
    }
    story.look(every: 10, through: 290)
    #expect(try #require(story.firing.first).growth != nil)
    #expect(try #require(story.firing.first).severity == .critical)
    story.look(every: 10, from: 300, through: 320)
    let stall = try #require(story.firing.first)
    #expect(stall.sockets == 0)
    #expect(stall.growth == nil)
    #expect(stall.forecast == nil)
    #expect(stall.severity == .warning)
  }

  @Test func `it judges by the thresholds that it declares, and by no other`() throws {
    let queue = ThresholdTrial(through: 500) { host in
      host.start("api", pid: 100)
      host.listen(8080, by: 100)
      host.add(at: (1...20).map { 5 * Double($0) }) { second in
        .accepted(on: 8080, by: nil).enters(.established, at: second)
          .enters(.closeWait, at: second + 30, unread: 1).leaves(at: second == 5 ? 480 : .infinity)
      }
    }
    try ThresholdTrial.check(
      .acceptQueueStall, [queue, queue.changed { $0.unreadable = [100] }, .fullQueue()])
  }
}
