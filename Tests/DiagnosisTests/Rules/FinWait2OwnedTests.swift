// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// A client that shuts down its sending and waits for peers elsewhere that never close.
struct FinWait2OwnedTests {
  private func client(waiting: Int, every seconds: Double = 20) -> Story {
    var story = Story()
    story.host.start("fetch", pid: 100, unit: "fetch.service")
    story.host.add(at: (1...waiting).map { seconds * Double($0) }) { second in
      .opened(to: 9000, by: 100).enters(.established, at: second - 10)
        .enters(.finWait2, at: second)
    }
    return story
  }

  @Test func `half-closed connections that pile up are a finding about their holder`() throws {
    var story = client(waiting: 50)
    story.look(every: 10, through: 400)
    let found = try #require(story.firing.first)
    #expect(story.firingRules == [.finWait2Owned])
    #expect(found.cause == .peerNeverCloses)
    #expect(found.holders == [100])
    #expect(found.remotePort == 9000)
    #expect(found.sockets == 20)
    #expect(found.oldest == Age(seconds: 380, bound: .exact))
    #expect(found.peers.first?.remote == Endpoint(HostScript.elsewhere, 9000))
  }

  @Test func `the fifth past the patience fires, a nanosecond before it does not`() {
    var story = client(waiting: 50)
    story.look(every: 10, through: 210)
    story.look(at: 220 - 1e-9)
    #expect(story.firing == [])
    #expect(story.finding(.finWait2Owned)?.doubts == [.fewSockets])
    story.look(at: 220)
    #expect(story.firingRules == [.finWait2Owned])
  }

  @Test func `four never fire`() {
    var story = client(waiting: 4)
    story.look(every: 10, through: 900)
    #expect(story.events == [])
  }

  @Test func `a half-close that still receives its answer is none`() {
    var story = Story()
    story.host.start("fetch", pid: 100)
    story.host.add(at: (1...40).map { 20 * Double($0) }) { second in
      .opened(to: 9000, by: 100).enters(.established, at: second - 10)
        .enters(.finWait2, at: second).changed { $0.isReceiving = true }
    }
    story.look(every: 10, through: 800)
    #expect(story.watch.findings == [])
  }

  @Test func `orphans that the kernel ends by its timer are none`() {
    var story = Story()
    story.host.start("fetch", pid: 100)
    story.host.add(at: (1...900).map { Double($0) }) { second in
      .opened(to: 9000, by: 100).enters(.established, at: second - 10)
        .enters(.finWait2, at: second).isReleased(at: second)
    }
    story.look(every: 10, through: 900)
    #expect(story.watch.findings == [])
  }

  @Test func `a pair whose other end waits in an accept queue is not hidden`() {
    var story = client(waiting: 0 + 1)
    story.host.listen(8080, by: 300)
    story.host.start("api", pid: 300)
    let server = Endpoint(.loopbackIPv4, 8080)
    for number in 1...11 {
      let second = 20 * Double(number)
      let client = Endpoint(.loopbackIPv4, UInt16(50_000 + number))
      story.host.add(
        .between(server, client, by: nil).enters(.closeWait, at: second, unread: 1))
      story.host.add(
        .between(client, server, by: 100).enters(.established, at: second - 10)
          .enters(.finWait2, at: second))
    }
    story.look(every: 10, through: 400)
    #expect(story.firingRules.contains(.acceptQueueStall))
  }

  @Test func `it resolves when they are closed`() {
    var story = Story()
    story.host.start("fetch", pid: 100, until: 500)
    story.host.add(at: (1...20).map { 20 * Double($0) }) { second in
      .opened(to: 9000, by: 100).enters(.established, at: second - 10)
        .enters(.finWait2, at: second).leaves(at: 500)
    }
    story.look(every: 10, through: 490)
    #expect(story.firingRules == [.finWait2Owned])
    story.look(every: 10, from: 500, through: 650)
    #expect(story.events.last?.kind == .resolved)
    #expect(story.firing == [])
  }

  @Test func `a holder that can't be read is not replaced by another process`() throws {
    var story = client(waiting: 20)
    story.host.unreadable = [100]
    story.host.start("other", pid: 300)
    story.host.add(.opened(to: 9000, by: 300).enters(.established, at: 1))
    story.look(every: 10, through: 400)
    let found = try #require(story.firing.first)
    #expect(found.culprits == [])
    #expect(found.owner == .unseen)
    #expect(found.doubts == [.holdersIncomplete])
  }

  @Test func `it judges by the thresholds that it declares, and by no other`() throws {
    try ThresholdTrial.check(
      .finWait2Owned,
      [
        ThresholdTrial(through: 600) { host in
          host.start("fetch", pid: 100)
          host.add(at: (1...50).map { 20 * Double($0) }) { second in
            .opened(to: 9000, by: 100).enters(.established, at: second - 10)
              .enters(.finWait2, at: second).leaves(at: second == 20 ? 580 : .infinity)
          }
        },
        ThresholdTrial(through: 600) { host in
          host.start("fetch", pid: 100)
          host.add(at: (1...30).map { 60 + Double($0) / 100 }) { second in
            .opened(to: 9000, by: 100).enters(.established, at: 1).enters(.finWait2, at: second)
          }
        },
      ])
  }
}
