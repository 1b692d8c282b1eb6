// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// What the rules for closes and handshakes without an answer share.
struct UnfinishedGroupTests {
  /// A server whose clients vanish one a second, right after it has closed.
  ///
  /// - Parameter accepts: New connections a second, by the kernel's counter.
  private func server(
    vanishing: Int, state: TCPState = .lastAck, accepts: Double? = 2, isProbing: Bool = false,
    life: Double = 100
  ) -> Story {
    var story = Story()
    story.host.start("api", pid: 100, unit: "api.service")
    story.host.listen(8080, by: 100)
    story.host.add(at: (1...vanishing).map { Double($0) }) { second in
      .accepted(on: 8080, by: nil).enters(state, at: second)
        .changed { $0.isProbing = isProbing }.leaves(at: second + life)
    }
    story.host.counters = { second in
      var counters = TCPCounters()
      counters.passiveOpens = accepts.map { UInt64($0 * second) }
      counters.activeOpens = accepts.map { UInt64($0 * second) }
      return counters
    }
    return story
  }

  static let closing: [(TCPState, RuleID)] = [
    (.lastAck, .lastAckPileup), (.finWait1, .finWait1Pileup), (.closing, .closingPileup),
  ]

  @Test(arguments: closing)
  func `closes that are never acknowledged pile up`(state: TCPState, rule: RuleID) throws {
    var story = server(vanishing: 60, state: state)
    story.look(every: 5, through: 60)
    let pileup = try #require(story.firing.first)
    #expect(story.firingRules == [rule])
    #expect(pileup.cause == .peerVanished)
    #expect(pileup.severity == .warning)
    #expect(pileup.localPort == 8080)
    #expect(pileup.holders == [])
    #expect(pileup.pids(.listener) == [100])
  }

  @Test(arguments: closing)
  func `nine are not enough`(state: TCPState, rule: RuleID) {
    var nine = server(vanishing: 9, state: state)
    nine.look(every: 5, through: 90)
    #expect(nine.watch.findings == [])
    var ten = server(vanishing: 10, state: state)
    ten.look(every: 5, through: 90)
    #expect(ten.firingRules == [rule])
  }

  @Test(arguments: closing)
  func `closes that are acknowledged within seconds are none`(state: TCPState, rule: RuleID) {
    var story = server(vanishing: 600, state: state, life: 3)
    story.look(every: 5, through: 600)
    #expect(story.watch.findings == [])
  }

  @Test(arguments: closing)
  func `a few vanished peers on a busy host ask nobody to act`(state: TCPState, rule: RuleID) {
    var story = server(vanishing: 300, state: state, accepts: 50)
    for second in stride(from: 0.0, through: 300, by: 5) {
      story.look(at: second)
      // At first, all there are may be old ones.
      #expect(story.firing.allSatisfy { $0.severity == .notice }, "at \(second)")
    }
  }

  @Test(arguments: closing)
  func `a closed window is told from a peer that vanished`(state: TCPState, rule: RuleID) throws {
    var story = server(vanishing: 60, state: state, isProbing: true)
    story.look(every: 5, through: 60)
    #expect(try #require(story.firing.first).cause == .peerNeverReads)
  }

  @Test func `without the counters, many more are needed to ask for action`() {
    var some = server(vanishing: 60, accepts: nil)
    some.look(every: 5, through: 60)
    #expect(some.firing.map(\.severity) == [.notice])
    var many = server(vanishing: 600, accepts: nil, life: 1000)
    many.look(every: 5, through: 600)
    #expect(many.firing.map(\.severity) == [.warning])
  }

  @Test func `one look is pending and says so`() throws {
    var story = server(vanishing: 60)
    story.look(at: 60)
    #expect(try #require(story.finding(.lastAckPileup)).doubts.contains(.oneLook))
    #expect(story.firing == [])
  }

  @Test func `it resolves when the kernel has given up on all of them`() {
    var story = server(vanishing: 60)
    story.look(every: 5, through: 60)
    #expect(story.events.map(\.kind).first == .firing)
    story.look(every: 5, from: 65, through: 400)
    #expect(story.events.map(\.kind).last == .resolved)
    #expect(story.firing == [])
  }

  @Test func `kernel-held closes of a port without a listener are charged to the kernel`() throws {
    var story = Story()
    story.host.add(at: (1...60).map { Double($0) }) { second in
      .opened(to: 443, by: nil).enters(.finWait1, at: second)
    }
    story.look(every: 5, through: 60)
    let pileup = try #require(story.firing.first)
    #expect(pileup.owner.kind == .kernel)
    #expect(pileup.culprits == [])
  }
}
