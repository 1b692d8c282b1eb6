// SPDX-License-Identifier: Apache-2.0

/// The looks of a run that came late, on a machine that is busy or was suspended: so far after the
/// one before that a leak may have come and gone between them.
package struct LateLooks: Hashable, Sendable {
  package private(set) var count = 0
  /// The longest time between such a look and the one before, in seconds.
  package private(set) var longestSeconds = 0.0

  package init() {}

  /// Notes a look.
  ///
  /// - Parameters:
  ///   - seconds: How long after the one before it began.
  ///   - pace: How long after the one before it was due.
  ///   - grace: For how long what was left must stay open to count.
  package mutating func note(_ seconds: Double, pace: Double, grace: Double) {
    guard seconds - pace > max(grace, 1) else { return }
    count += 1
    longestSeconds = max(longestSeconds, seconds)
  }
}
