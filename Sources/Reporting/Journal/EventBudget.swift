// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// A bound on entries by time: a bucket that fills steadily and holds a minute's worth.
package struct EventBudget: Sendable {
  private let perMinute: Double
  private var tokens: Double
  private var filledAt: BootInstant?

  /// - Parameter perMinute: Entries a minute, in the long run and in one burst.
  package init(perMinute: Int) {
    self.perMinute = Double(max(0, perMinute))
    tokens = self.perMinute
  }

  /// Whether one more is allowed at `now`; counts it if so.
  package mutating func take(at now: BootInstant) -> Bool {
    if let filledAt {
      let minutes = max(0, now.seconds(since: filledAt)) / 60
      tokens = min(perMinute, tokens + minutes * perMinute)
    }
    filledAt = now
    guard tokens >= 1 else { return false }
    tokens -= 1
    return true
  }
}
