// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Settings

/// When the next push is due.
@Suite struct PushPaceTests {
  @Test func `after an answer it is an interval from one beginning to the next`() {
    var pace = PushPace(interval: 60)
    #expect(pace.wait(afterAnswerThatTook: 2.5) == 57.5)
    #expect(pace.wait(afterAnswerThatTook: 90) == 0)
  }

  @Test func `after failures it is longer each time, up to a minute`() {
    var pace = PushPace(interval: 10)
    let waits = (0..<9).map { _ in pace.wait(afterFailure: nil, chance: 1) }
    #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60, 60])
    #expect(pace.wait(afterFailure: nil, chance: 0) == 30)
    _ = pace.wait(afterAnswerThatTook: 0)
    #expect(pace.wait(afterFailure: nil, chance: 1) == 1)
    for _ in 0..<100 { #expect(pace.wait(afterFailure: nil, chance: 1) <= 60) }
  }

  @Test func `a longer interval is the most`() {
    var pace = PushPace(interval: 300)
    for _ in 0..<20 { _ = pace.wait(afterFailure: nil, chance: 1) }
    #expect(pace.wait(afterFailure: nil, chance: 1) == 300)
  }

  @Test func `a collector is never asked before it wants to be`() {
    var pace = PushPace(interval: 60)
    #expect(pace.wait(afterFailure: 30, chance: 0) == 30)
    // And the hosts of a fleet not all at that moment.
    #expect(pace.wait(afterFailure: 30, chance: 1) > 30)
    #expect(pace.wait(afterFailure: 0, chance: 0) == 2)
  }
}
