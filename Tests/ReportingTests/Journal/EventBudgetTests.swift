// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Reporting
import Testing

/// The bound on entries by time.
@Suite struct EventBudgetTests {
  private var budget = EventBudget(perMinute: 60)
  private let start = BootInstant(seconds: 100)

  /// How many of `count` are allowed so long after the start.
  private mutating func taken(_ count: Int, after seconds: Double) -> Int {
    (0..<count).reduce(0) { sum, _ in
      sum + (budget.take(at: start.advanced(bySeconds: seconds)) ? 1 : 0)
    }
  }

  @Test mutating func `a burst of a minute's worth is taken, and not one more`() {
    let burst = taken(200, after: 0)
    #expect(burst == 60)
  }

  @Test mutating func `it fills steadily, up to a minute's worth`() {
    _ = taken(60, after: 0)
    let steps = [taken(1, after: 0.5), taken(2, after: 1.5), taken(1, after: 1.6)]
    #expect(steps == [0, 1, 0])
    let later = taken(200, after: 86_400)
    #expect(later == 60)
  }

  @Test mutating func `a clock that seems to run backwards gives nothing away`() {
    _ = taken(60, after: 0)
    let early = taken(10, after: -50)
    #expect(early == 0)
  }
}
