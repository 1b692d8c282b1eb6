// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// Findings that follow from others stand under them.
struct RelationsTests {
  private let here = Endpoint(HostScript.here, 8080)

  /// A server that has stopped accepting. Its queue of 4 is full.
  private func stalled() -> Story {
    var story = Story()
    story.host.start("api", pid: 100, unit: "api.service")
    story.host.listen(8080, by: 100, queueLimit: 4)
    story.host.add(at: [1, 2, 3, 4, 5]) { second in
      .accepted(on: 8080, by: nil).enters(.closeWait, at: second, unread: 1)
    }
    return story
  }

  @Test func `handshakes that cannot finish at a full queue follow from it`() throws {
    var story = stalled()
    story.host.add(at: (1...20).map { Double($0) }) { second in
      .accepted(on: 8080, by: nil).enters(.synRecv, at: second)
    }
    story.look(every: 5, from: 30, through: 200)
    let stall = try #require(story.finding(.acceptQueueStall))
    let handshakes = try #require(story.finding(.synRecvPileup))
    #expect(stall.becauseOf == nil)
    #expect(handshakes.becauseOf == stall.id)
    #expect(story.firing.roots.map(\.rule) == [.acceptQueueStall])
    #expect(story.firing.rootsFirst.map(\.depth) == [0, 1])
  }

  @Test(arguments: [TCPState.synSent, .finWait1])
  func `clients on this host that get no answer from a full queue follow from it`(
    state: TCPState
  ) throws {
    var story = stalled()
    story.host.start("worker", pid: 300)
    story.host.add(at: (1...20).map { Double($0) }) { second in
      .between(Endpoint(HostScript.here, 0), here, by: 300).enters(state, at: second)
    }
    story.look(every: 5, from: 30, through: 200)
    let stall = try #require(story.finding(.acceptQueueStall))
    let client = try #require(story.firing.first { $0.state == state })
    #expect(client.becauseOf == stall.id)
  }

  @Test func `clients of the same port elsewhere do not`() throws {
    var story = stalled()
    story.host.start("worker", pid: 300)
    story.host.add(at: (1...20).map { Double($0) }) { second in
      .opened(to: 8080, by: 300).enters(.synSent, at: second)
    }
    story.look(every: 5, from: 30, through: 200)
    #expect(try #require(story.finding(.synSentPileup)).becauseOf == nil)
    #expect(story.firing.roots.count == 2)
  }

  /// Connections between a client and a server of this host of which neither end gets an answer.
  private func unanswered(
    client: TCPState, server: TCPState, clients: Int = 40, served: Int = 40,
    queueLimit: UInt32 = 128
  ) -> Story {
    var story = Story()
    story.host.start("api", pid: 100, unit: "api.service")
    story.host.listen(8080, by: 100, queueLimit: queueLimit)
    story.host.start("worker", pid: 300)
    let ends = (0..<UInt16(clients)).map { Endpoint(HostScript.here, 40_000 + $0) }
    for (index, end) in ends.enumerated() {
      story.host.add(at: [1 + Double(index)]) { second in
        .between(end, here, by: 300).enters(client, at: second)
      }
    }
    for index in 0..<served {
      let end = index < clients ? ends[index] : Endpoint(HostScript.elsewhere, 0)
      story.host.add(at: [1 + Double(index) * 40 / Double(served)]) { second in
        .between(here, end, by: nil).enters(server, at: second)
      }
    }
    return story
  }

  @Test(arguments: [(TCPState.synSent, TCPState.synRecv), (.finWait1, .lastAck)])
  func `both ends of what is not answered between a client and a server here are told as one`(
    client: TCPState, server: TCPState
  ) throws {
    var story = unanswered(client: client, server: server)
    story.look(every: 5, from: 30, through: 200)
    let root = try #require(story.firing.first { $0.state == server })
    let waiting = try #require(story.firing.first { $0.state == client })
    #expect(root.becauseOf == nil)
    #expect(waiting.becauseOf == root.id)
    #expect(story.firing.roots.count == 1)
  }

  @Test func `clients here whose SYN a listener never saw do not follow from its handshakes`()
    throws
  {
    // A tenth of them are there.
    var story = unanswered(client: .synSent, server: .synRecv, served: 4)
    story.host.add(at: (0..<40).map { 1 + Double($0) }) { second in
      .accepted(on: 8080, by: nil).enters(.synRecv, at: second)
    }
    story.look(every: 5, from: 30, through: 200)
    #expect(try #require(story.finding(.synRecvPileup)).becauseOf == nil)
    #expect(try #require(story.finding(.synSentPileup)).becauseOf == nil)
  }

  /// With SYN cookies, a full SYN queue drops nothing.
  @Test(arguments: [true, false])
  func `clients here whose SYN finds a full SYN queue follow from it if it drops them`(
    isDropping: Bool
  ) throws {
    var story = unanswered(client: .synSent, server: .synRecv, served: 0, queueLimit: 32)
    story.host.add(at: stride(from: 0, to: 400, by: 6.0 / 33)) { second in
      .accepted(on: 8080, by: nil).enters(.synRecv, at: second).leaves(at: second + 6)
    }
    story.host.counters = { second in
      var counters = TCPCounters()
      counters.requestQueueFullDrop = isDropping ? UInt64(second) : 7
      return counters
    }
    story.look(every: 5, from: 10, through: 200)
    let queue = try #require(story.finding(.synRecvPileup))
    let clients = try #require(story.finding(.synSentPileup))
    #expect(clients.becauseOf == (isDropping ? queue.id : nil))
  }

  @Test func `workers that are busy with the dead stall their own listener`() throws {
    var story = stalled()
    story.host.add(at: (1...40).map { Double($0) / 10 }) { second in
      .accepted(on: 8080, by: 100).enters(.closeWait, at: second, unread: 100)
    }
    story.look(every: 10, from: 10, through: 300)
    let stuck = try #require(story.finding(.closeWaitStuck))
    let stall = try #require(story.finding(.acceptQueueStall))
    #expect(stall.becauseOf == stuck.id)
    #expect(stuck.becauseOf == nil)
    // It is as bad as what follows from it.
    #expect(stuck.severity == .critical)
    #expect(story.firing.rootsFirst.map(\.finding.rule) == [.closeWaitStuck, .acceptQueueStall])
    #expect(
      story.events.first { $0.finding.rule == .acceptQueueStall }?.finding.severity
        == .critical)
  }

  @Test func `a few stuck workers among many that serve do not explain a stall`() throws {
    var story = stalled()
    story.host.add(at: (1...40).map { Double($0) / 10 }) { second in
      .accepted(on: 8080, by: 100).enters(.closeWait, at: second, unread: 100)
    }
    story.host.add(at: (1...200).map { _ in 1.0 }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second).changed {
        $0.isSending = true
      }
    }
    story.look(every: 10, from: 10, through: 300)
    #expect(try #require(story.finding(.acceptQueueStall)).becauseOf == nil)
  }

  @Test func `a leak fills the descriptors, and a full process cannot accept`() throws {
    var story = Story()
    story.host.start("api", pid: 100, unit: "api.service", limit: 100) { _ in 19 }
    story.host.listen(8080, by: 100, queueLimit: 4)
    story.host.start("backend", pid: 101)
    story.host.add(at: (0..<80).map { Double($0) }) { second in
      .opened(to: 5432, by: 100).enters(.established, at: second)
        .enters(.closeWait, at: second + 1, unread: 100)
    }
    story.host.add(at: [90, 91, 92, 93, 94]) { second in
      .accepted(on: 8080, by: nil).enters(.established, at: second)
    }
    story.look(every: 10, from: 10, through: 300)
    let leak = try #require(story.firing.first { $0.state == .closeWait && $0.remotePort == 5432 })
    let full = try #require(story.finding(.descriptorExhaustion))
    let stall = try #require(story.finding(.acceptQueueStall))
    #expect(full.becauseOf == leak.id)
    #expect(stall.becauseOf == full.id)
    #expect(story.firing.roots.map(\.id) == [leak.id])
    #expect(leak.severity == .critical)
  }

  @Test func `a consequence whose root has ended stands for itself`() throws {
    var story = Story()
    story.host.start("api", pid: 100, unit: "api.service")
    story.host.listen(8080, by: 100, queueLimit: 4)
    story.host.add(at: [1, 2, 3, 4, 5]) { second in
      .accepted(on: 8080, by: nil).enters(.closeWait, at: second, unread: 1).leaves(at: 200)
    }
    story.host.add(at: (1...1000).map { Double($0) }) { second in
      .accepted(on: 8080, by: nil).enters(.synRecv, at: second).leaves(at: second + 63)
    }
    story.look(every: 5, from: 30, through: 190)
    #expect(try #require(story.finding(.synRecvPileup)).becauseOf != nil)
    story.look(every: 5, from: 195, through: 600)
    #expect(story.lifecycle(.acceptQueueStall) == .resolved)
    #expect(try #require(story.finding(.synRecvPileup)).becauseOf == nil)
  }
}
