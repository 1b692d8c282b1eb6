// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@testable import LinuxHost

@Suite struct LostConnectsTests {
  /// What an eye says that has looked before, or not.
  private func sample(lost: Int, sinceItsLookBefore: Int) -> Sample {
    var sample = Sample(takenAt: BootInstant(seconds: 1), wallClockSeconds: 0, states: .all)
    sample.connectTally.lost = lost
    if sinceItsLookBefore > 0 {
      sample.gaps = [Gap(.connectsLost, count: sinceItsLookBefore, detail: "")]
    }
    return sample
  }

  @Test func `a new eye does not tell again what those before it have told`() {
    var lost = LostConnects()
    func told(_ sample: Sample) -> [Int] {
      var sample = sample
      lost.tell(in: &sample)
      return sample.gaps.map(\.count)
    }
    #expect(told(sample(lost: 7, sinceItsLookBefore: 7)) == [7])
    #expect(told(sample(lost: 7, sinceItsLookBefore: 0)) == [])
    #expect(told(sample(lost: 9, sinceItsLookBefore: 9)) == [2])
    #expect(told(sample(lost: 9, sinceItsLookBefore: 9)) == [])
  }
}
