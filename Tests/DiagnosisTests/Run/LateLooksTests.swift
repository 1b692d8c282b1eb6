// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Testing

/// Looks of a run between which a leak may come and go.
struct LateLooksTests {
  @Test func `a look is late when more than the grace has passed since it was due`() {
    var looks = LateLooks()
    for seconds in [0.25, 1.2, 3, 2.24, 5] { looks.note(seconds, pace: 0.25, grace: 2) }
    #expect(looks.count == 2)
    #expect(looks.longestSeconds == 5)
  }

  @Test func `a second is late for nobody, however short the grace`() {
    var looks = LateLooks()
    looks.note(1, pace: 0.05, grace: 0.1)
    #expect(looks == LateLooks())
  }
}
