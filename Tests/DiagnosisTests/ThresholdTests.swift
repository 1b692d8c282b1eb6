// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Testing

/// What a single rule judges by is in its own tests: see ``ThresholdTrial``.
struct ThresholdTests {
  @Test func `the settings stand in the list once each`() {
    let names = Threshold.all.map(\.name)
    #expect(Set(names).count == names.count)
  }

  @Test func `a doubt rests on the time that its rule declares, not on another`() {
    var settings = RuleSettings()
    settings.patienceByRule = [.closeWaitLeak: 600, .establishedIdleGrowth: 1200]
    for rule in RuleCatalog.rules where rule.patience.rule != nil {
      #expect(settings.patience(for: rule.id) == rule.patience.seconds(settings), "\(rule.id)")
    }
    #expect(settings.patience(for: .closeWaitStuck) == 600)
    #expect(settings.patience(for: .closingPileup) == 15)
    #expect(settings.patience(for: .orphanPressure) == 120)
  }
}
