// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import closewatchd

/// What the loops wait by.
@Suite struct BellTests {
  private let bell = Bell()
  private let clock = ContinuousClock()

  @Test func `each wait lasts as long as it was asked to, also after one that was not rung`() async
  {
    for _ in 0..<3 {
      let began = clock.now
      let hasRung = await bell.wait(atMost: 0.05)
      #expect(!hasRung)
      #expect(clock.now - began >= .milliseconds(50))
    }
  }

  @Test func `a ring ends a wait, once`() async {
    async let ringing = bell.wait(atMost: 60)
    bell.ring()
    #expect(await ringing)
    #expect(await bell.wait(atMost: 0.01) == false)
  }

  @Test func `a ring that nobody waited for ends the next wait`() async {
    bell.ring()
    bell.ring()
    #expect(await bell.wait(atMost: 60))
    #expect(await bell.wait(atMost: 0.01) == false)
  }
}
