// SPDX-License-Identifier: Apache-2.0

/// When to push next.
package struct PushPace: Sendable {
  /// The first wait after a failure. 1 s: a collector that restarts is back soon.
  static let firstWait = 1.0
  /// The longest, unless the interval is longer. A minute: numbers are missing for no longer after
  /// it is back, and a fleet does not storm it.
  static let longestWait = 60.0

  package var interval: Double
  private(set) var failures = 0

  package init(interval: Double) { self.interval = interval }

  /// Seconds to wait after a push that came to an answer which is final.
  ///
  /// - Parameter took: Seconds since it began.
  package mutating func wait(afterAnswerThatTook took: Double) -> Double {
    failures = 0
    return max(0, interval - took)
  }

  /// Seconds to wait after one that may succeed later.
  ///
  /// - Parameters:
  ///   - asked: What the collector asked for.
  ///   - chance: From 0 to 1, so that not all hosts come back at once.
  package mutating func wait(afterFailure asked: Double?, chance: Double) -> Double {
    failures += 1
    let steps = Double(1 << min(failures - 1, 10))
    let wait = min(Self.firstWait * steps, max(Self.longestWait, interval))
    let spread = wait * (0.5 + chance / 2)
    // Not before the collector wants it, and not all hosts at that very moment.
    return max(asked.map { $0 + chance * min(wait, $0) } ?? 0, spread)
  }
}
