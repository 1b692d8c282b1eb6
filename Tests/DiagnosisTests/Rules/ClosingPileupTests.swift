// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// What is particular to CLOSING; the rest is in UnfinishedGroupTests.
struct ClosingPileupTests {
  private func host(_ sockets: Int) -> Story {
    var story = Story()
    story.host.start("api", pid: 100)
    story.host.listen(8080, by: 100)
    story.host.add(at: (1...sockets).map { Double($0) }) { second in
      .accepted(on: 8080, by: nil).enters(.closing, at: second)
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
    #expect(story.firingRules == [.closingPileup])
    #expect(pileup.state == .closing)
    #expect(pileup.sockets == 11)
    #expect(pileup.evidence.contains(.retransmits(median: 3, most: 4)))
  }

  @Test func `two survivors are pending`() {
    var story = host(11)
    story.look(every: 1, through: 17)
    story.look(at: 18 - 1e-9)
    #expect(story.firing == [])
    #expect(story.lifecycle(.closingPileup) == .pending)
  }

  @Test func `it judges by the thresholds that it declares, and by no other`() throws {
    try ThresholdTrial.check(.closingPileup, [.unfinished(.closing)])
  }
}
