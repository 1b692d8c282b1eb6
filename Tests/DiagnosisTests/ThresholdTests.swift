// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Testing

/// What a single rule judges by is in its own tests: see ``ThresholdTrial``.
struct ThresholdTests {
  @Test func `the settings stand in the list once each`() {
    let names = Threshold.all.map(\.name)
    #expect(Set(names).count == names.count)
  }
}
