// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Reporting
import Testing

/// The bound on entries by time.
@Suite struct EventBudgetTests {
  @Test func `a burst of a minute's worth is taken, and not one more`() {
    var budget = EventBudget(perMinute: 7)
    let now = BootInstant(seconds: 100)
    #expect((0..<20).count { _ in budget.take(at: now) } == 7)
  }

  @Test func `it fills steadily, up to a minute's worth`() {
    var budget = EventBudget(perMinute: 60)
    let start = BootInstant(seconds: 100)
    while budget.take(at: start) {}
    #expect(!budget.take(at: start.advanced(bySeconds: 0.5)))
    #expect(budget.take(at: start.advanced(bySeconds: 1.5)))
    #expect(!budget.take(at: start.advanced(bySeconds: 1.6)))
    let later = start.advanced(bySeconds: 86_400)
    #expect((0..<200).count { _ in budget.take(at: later) } == 60)
  }

  @Test func `a clock that seems to run backwards gives nothing away`() {
    var budget = EventBudget(perMinute: 1)
    #expect(budget.take(at: BootInstant(seconds: 100)))
    #expect(!budget.take(at: BootInstant(seconds: 0)))
    #expect(!budget.take(at: BootInstant(seconds: 30)))
  }
}
