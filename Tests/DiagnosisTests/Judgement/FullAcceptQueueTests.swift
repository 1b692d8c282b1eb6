// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// Accept queues that are full in look after look, whether they move or not.
struct FullAcceptQueueTests {
  /// php-fpm: four workers of half a second serve eight a second. The queue of 16 holds 17, and
  /// each waits for 2.125 s; half of the clients have given up by then.
  private func overloaded(until end: Double = 600) -> Story {
    var story = Story()
    story.host.start("php-fpm", pid: 100, unit: "php-fpm.service")
    story.host.listen(9000, by: 100, queueLimit: 16)
    story.host.add(at: stride(from: 0, to: end, by: 0.125)) { second in
      .accepted(on: 9000, by: nil).enters(.established, at: second)
        .enters(.closeWait, at: second + 1, unread: 1)
        .isHeld(by: 100, from: second + 2.125).leaves(at: second + 2.625)
    }
    story.host.counters = { second in
      var counters = TCPCounters()
      counters.listenOverflows = UInt64(12 * second)
      return counters
    }
    return story
  }

  @Test func `a full queue that moves is a stall, though nobody in it is old`() throws {
    var story = overloaded()
    story.look(every: 10, from: 10, through: 30)
    #expect(story.lifecycle(.acceptQueueStall) == .pending)
    story.look(at: 40)
    let stall = try #require(story.firing.first)
    #expect(story.firingRules == [.acceptQueueStall])
    #expect(stall.severity == .critical)
    #expect(stall.sockets == 17)
    #expect(stall.pids(.listener) == [100])
    #expect(stall.evidence.contains(.acceptQueue(used: 17, limit: 16)))
    #expect(stall.evidence.contains(.queueFull(samples: 4, seconds: 30, most: 17)))
    #expect(stall.evidence.contains(.turnedAway(increase: 360, seconds: 30, byThisAlone: true)))
  }

  @Test func `what has left is counted by cookie, and a full queue has no growth`() throws {
    var story = overloaded()
    story.look(every: 10, from: 10, through: 40)
    let stall = try #require(story.firing.first)
    #expect(stall.growth == nil)
    #expect(stall.evidence.contains(.leftQueue(count: 51, seconds: 30, served: 4...4)))
    #expect(
      !stall.evidence.contains { if case .turnover = $0 { true } else { false } })
  }

  @Test func `a queue that moves is told from one that nobody accepts from`() throws {
    var moving = overloaded()
    moving.look(every: 10, from: 10, through: 40)
    #expect(try #require(moving.firing.first).queueMoves == true)
    var standing = Story()
    standing.host.start("api", pid: 100)
    standing.host.listen(9000, by: 100, queueLimit: 4)
    standing.host.add(at: [1, 2, 3, 4, 5]) { second in
      .accepted(on: 9000, by: nil).enters(.established, at: second)
    }
    standing.look(every: 10, from: 10, through: 60)
    #expect(try #require(standing.firing.first).queueMoves == false)
  }

  @Test func `whether a queue moves is not known before it was counted, nor of one or two`() throws
  {
    for left in 0...2 {
      var story = Story()
      story.host.start("api", pid: 100)
      story.host.listen(9000, by: 100, queueLimit: left == 0 ? 128 : 4)
      story.host.add(at: (1...7).map { Double($0) }) { second in
        .accepted(on: 9000, by: nil).enters(.closeWait, at: second)
          .leaves(at: second <= Double(left) ? 200 : 1000)
      }
      story.look(every: 10, from: 10, through: 250)
      let stall = try #require(story.firing.first)
      #expect(stall.queueMoves == nil, "\(left)")
    }
  }

  @Test func `a queue that has moved and stands by now is not called slow`() throws {
    var story = Story()
    story.host.start("api", pid: 100)
    story.host.listen(9000, by: 100, queueLimit: 4)
    // One a second is taken, until the thread that accepts dies.
    story.host.add(at: (-3...60).map { Double($0) }) { second in
      .accepted(on: 9000, by: nil).enters(.established, at: second)
        .leaves(at: second + 5 <= 60 ? second + 5 : 1000)
    }
    story.look(every: 5, from: 5, through: 60)
    #expect(try #require(story.finding(.acceptQueueStall)).queueMoves == true)
    story.look(every: 5, from: 65, through: 300)
    let stall = try #require(story.firing.first)
    #expect(stall.queueMoves == false)
    #expect(stall.evidence.contains(.leftQueue(count: 0, seconds: 240, served: 0...0)))
  }

  /// Two of them are a SO_REUSEPORT group.
  @Test(arguments: [[8], [3, 3]] as [[UInt32]])
  func `clients that reset what waits do not make a queue move`(limits: [UInt32]) throws {
    var story = Story()
    story.host.start("api", pid: 100)
    for limit in limits { story.host.listen(9000, by: 100, queueLimit: limit) }
    story.host.add(at: (1...9).map { Double($0) }) { second in
      .accepted(on: 9000, by: nil).enters(.established, at: second)
        .leaves(at: second < 7 ? 20 + 5 * second : 1000)
    }
    story.host.resetInQueues = { second in (1...6).count { 20 + 5 * Double($0) <= second } }
    story.look(every: 5, from: 10, through: 70)
    let stall = try #require(story.firing.first { $0.rule == .acceptQueueStall })
    #expect(stall.evidence.contains(.leftQueue(count: 0, seconds: 60, served: 0...0)))
    #expect(stall.queueMoves == false)
  }

  @Test func `the oldest waits as long as it has been seen to wait`() throws {
    var story = overloaded()
    story.look(every: 10, from: 10, through: 40)
    // It came at 38 and is in CLOSE_WAIT since 39.
    let oldest = try #require(story.firing.first?.oldest)
    #expect(oldest.seconds == 1)
  }

  @Test func `a server whose workers are all taken all the time is at its own limit`() throws {
    var story = overloaded()
    story.look(every: 10, from: 10, through: 40)
    let root = try #require(story.firing.first?.root)
    #expect(root.kind == .ownLimit)
    #expect(root.place?.port == 9000)
    #expect(root.process?.id.pid == 100)
  }

  private enum Client: CaseIterable { case answered, silent, unanswered }

  /// Four clients that stay, each with a child of its own or all with one process; a queue of eight
  /// that nobody leaves.
  private func taken(
    by pids: [Int32] = [101, 102, 103, 104], beside free: [Int32] = [], _ client: Client,
    runtime: ProcessRuntime = .native
  ) -> Story {
    var story = Story()
    let all = Set([100] + pids + free).sorted()
    for pid in all {
      story.host.start(
        "server", pid: pid, parent: pid == 100 ? 1 : 100, unit: "pool.service", runtime: runtime)
    }
    story.host.listen(9999, by: all, queueLimit: 8)
    for pid in pids {
      story.host.add(
        .accepted(on: 9999, by: pid).enters(.established, at: 0).changed {
          $0.isSending = client == .answered
          $0.isReceiving = client == .unanswered
        })
    }
    story.host.add(at: stride(from: 1.0, to: 10, by: 1)) { second in
      .accepted(on: 9999, by: nil).enters(.established, at: second)
    }
    return story
  }

  private func stall(_ story: inout Story) throws -> Finding {
    story.look(every: 10, from: 10, through: 200)
    let stall = try #require(story.finding(.acceptQueueStall))
    #expect(stall.lifecycle == .firing)
    return stall
  }

  @Test(arguments: [
    (Client.answered, Root.Kind.ownLimit as Root.Kind?), (.silent, .ownLimit), (.unanswered, nil),
  ])
  private func `a queue that stands beside workers that all wait for their clients waits for one`(
    client: Client, kind: Root.Kind?
  ) throws {
    var story = taken(client)
    #expect(try stall(&story).root?.kind == kind)
  }

  /// The thread that accepts has died, or it may accept no more: the kernel shows the same.
  @Test(arguments: Client.allCases)
  private func `one process that has all clients of a queue that stands may be at no limit`(
    client: Client
  ) throws {
    var story = taken(by: [100, 100, 100, 100], client)
    #expect(try stall(&story).root == nil)
  }

  /// The loop that answers them would accept.
  @Test(arguments: [
    (Client.answered, Root.Kind.ownLimit as Root.Kind?), (.silent, nil), (.unanswered, nil),
  ])
  private func `a proxy that serves and accepts in one loop is at its own limit`(
    client: Client, kind: Root.Kind?
  ) throws {
    var story = taken(by: [100, 100, 100, 100], client, runtime: .haproxy)
    #expect(try stall(&story).root?.kind == kind)
  }

  /// pgpool has three processes of its own beside its master and its children.
  @Test func `helpers that have inherited the listener are no free workers`() throws {
    var story = taken(by: [101, 102, 103, 104, 105, 106], beside: [201, 202, 203], .silent)
    #expect(try stall(&story).root?.kind == .ownLimit)
  }

  @Test func `children that are free and accept nobody are at no limit`() throws {
    var story = taken(beside: [105, 106, 107], .answered)
    #expect(try stall(&story).root == nil)
  }

  /// The thread that accepts has died: those that are served go on, and leave one by one.
  @Test func `a server that takes nobody in the place of who leaves is not at its own limit`()
    throws
  {
    var story = taken(.answered)
    story.host.add(at: (0..<40).map { Double($0) }) { second in
      .accepted(on: 9999, by: 100).enters(.established, at: 0).leaves(at: 60 + 40 * second)
        .changed { $0.isSending = true }
    }
    story.look(every: 10, from: 10, through: 200)
    let stall = try #require(story.finding(.acceptQueueStall))
    #expect(stall.lifecycle == .firing)
    #expect(stall.root == nil)
  }

  /// Both are out of descriptors. memcached at `-c` has set that limit itself.
  @Test(arguments: [(16 as UInt32, nil as Root.Kind?), (0 as UInt32, Root.Kind.ownLimit)])
  func `a server that is out of descriptors is at its own limit only if it closes its queue`(
    limit: UInt32, kind: Root.Kind?
  ) throws {
    var story = Story()
    story.host.start("server", pid: 100, limit: 64, files: { _ in 24 })
    story.host.listen(9000, by: 100, queueLimit: limit)
    for _ in 0..<39 {
      story.host.add(
        .accepted(on: 9000, by: 100).enters(.established, at: 0).changed { $0.isSending = true })
    }
    story.host.add(at: (0...limit).map { _ in 1.0 }) { second in
      .accepted(on: 9000, by: nil).enters(.established, at: second)
    }
    story.look(every: 10, from: 10, through: 200)
    let stall = try #require(story.finding(.acceptQueueStall))
    #expect(stall.lifecycle == .firing)
    #expect(stall.root?.kind == kind)
  }

  @Test func `a queue that is full for a moment is none`() {
    var story = overloaded(until: 22)
    story.look(every: 10, from: 10, through: 200)
    #expect(story.events == [])
    #expect(story.finding(.acceptQueueStall) == nil)
  }

  @Test(arguments: [0, 1, 2])
  func `a queue of nobody, one or two that is full is a stall`(limit: UInt32) throws {
    var story = Story()
    story.host.start("memcached", pid: 100)
    story.host.listen(11211, by: 100, queueLimit: limit)
    story.host.add(at: (0..<100).map { _ in 1.0 }) { second in
      .accepted(on: 11211, by: 100).enters(.established, at: second)
    }
    story.host.add(at: (0...limit).map { _ in 5.0 }) { second in
      .accepted(on: 11211, by: nil).enters(.established, at: second)
    }
    // The daemon's cheap looks do not read ESTABLISHED.
    story.look(every: 10, from: 10, through: 20)
    story.host.states = StateSet(.listen, .closeWait, .synRecv)
    story.look(every: 10, from: 30, through: 40)
    let stall = try #require(story.firing.first)
    #expect(story.firingRules == [.acceptQueueStall])
    #expect(stall.sockets == Int(limit) + 1)
    #expect(stall.pids(.listener) == [100])
    #expect(stall.localPort == 11211)
    #expect(stall.root?.kind == (limit == 0 ? .ownLimit : nil))
  }

  /// What asks for no queue from the start is not full: its one client waits for an answer.
  @Test(arguments: [(Client.answered, Root.Kind.ownLimit as Root.Kind?), (.unanswered, nil)])
  private func `a server without a queue that owes its answers is at no limit`(
    client: Client, kind: Root.Kind?
  ) throws {
    var story = Story()
    story.host.start("server", pid: 100)
    story.host.listen(9000, by: 100, queueLimit: 0)
    story.host.add(
      .accepted(on: 9000, by: 100).enters(.established, at: 1).changed {
        $0.isSending = client == .answered
        $0.isReceiving = client == .unanswered
      })
    story.host.add(.accepted(on: 9000, by: nil).enters(.established, at: 5))
    #expect(try stall(&story).root?.kind == kind)
  }

  @Test func `overflows of two full queues are charged to neither`() throws {
    var story = overloaded()
    story.host.start("api", pid: 200)
    story.host.listen(8080, by: 200, queueLimit: 0)
    story.host.add(.accepted(on: 8080, by: nil).enters(.established, at: 5))
    story.look(every: 10, from: 10, through: 40)
    let told = story.firing.map { finding in
      finding.evidence.contains(.turnedAway(increase: 360, seconds: 30, byThisAlone: false))
    }
    #expect(told == [true, true])
  }

  @Test func `overflows of another listener are not those of a queue with room`() throws {
    var story = overloaded()
    story.host.start("slow", pid: 200)
    story.host.listen(8080, by: 200)
    story.host.add(at: [1, 2, 3]) { second in
      .accepted(on: 8080, by: nil).enters(.closeWait, at: second, unread: 1)
    }
    story.look(every: 10, from: 10, through: 200)
    let slow = try #require(story.firing.first { $0.localPort == 8080 })
    #expect(
      slow.evidence.contains(.turnedAway(increase: 2280, seconds: 190, byThisAlone: false)))
  }
}
