// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// What is particular to FIN_WAIT1; the rest is in UnfinishedGroupTests.
struct FinWait1PileupTests {
  private func host(_ sockets: Int) -> Story {
    var story = Story()
    story.host.start("api", pid: 100)
    story.host.listen(8080, by: 100)
    story.host.add(at: (1...sockets).map { Double($0) }) { second in
      .accepted(on: 8080, by: nil).enters(.finWait1, at: second)
    }
    return story
  }

  @Test func `three retransmissions without an answer for fifteen seconds fire`() throws {
    var story = host(11)
    story.look(every: 1, through: 17)
    // The third of them has been there for fifteen seconds at 18.
    #expect(story.firing == [])
    story.look(at: 18)
    let pileup = try #require(story.firing.first)
    #expect(story.firingRules == [.finWait1Pileup])
    #expect(pileup.state == .finWait1)
    #expect(pileup.sockets == 11)
    #expect(pileup.evidence.contains(.retransmits(median: 3, most: 4)))
  }

  @Test func `two survivors are pending`() {
    var story = host(11)
    story.look(every: 1, through: 17)
    story.look(at: 18 - 1e-9)
    #expect(story.firing == [])
    #expect(story.lifecycle(.finWait1Pileup) == .pending)
  }

  @Test func `what was connected hours ago counts beside what is closed now`() {
    var story = Story()
    story.host.start("broker", pid: 100, unit: "broker.service")
    story.host.listen(1883, by: 100)
    story.host.add(at: (0..<30).map { 7200 + Double($0) }) { second in
      .accepted(on: 1883, by: nil).enters(.finWait1, at: second)
    }
    story.host.counters = { second in
      var counters = TCPCounters()
      counters.passiveOpens = UInt64(min(20_000, 3 * second)) + UInt64(max(0, second - 7200) / 3)
      return counters
    }
    story.look(every: 60, through: 7140)
    story.look(every: 5, from: 7155, through: 7260)
    #expect(story.firing.map(\.severity) == [.notice])
  }

  @Test func `it judges by the thresholds that it declares, and by no other`() throws {
    try ThresholdTrial.check(.finWait1Pileup, [.unfinished(.finWait1)])
  }
}
