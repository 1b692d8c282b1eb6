// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Reporting
package import Settings

/// A span of time on the command line.
package enum TimeSpanArgument {
  /// - Throws: ``UsageError`` that shows how to write one.
  package static func parse(_ text: String) throws -> TimeSpan {
    guard let span = TimeSpan(text) else {
      throw UsageError("write a number with its unit, such as 30s, 2m, 1h30m or 500ms")
    }
    return span
  }

  /// The same, and more than nothing.
  package static func parsePositive(_ text: String) throws -> TimeSpan {
    let span = try parse(text)
    guard span.seconds > 0 else { throw UsageError("it must be more than 0") }
    return span
  }

  /// Holds the time between two looks to the shortest that makes sense for a command.
  package static func validate(interval: TimeSpan, atLeast least: TimeSpan) throws {
    guard interval.seconds < least.seconds else { return }
    throw ValidationError(
      "--interval below \(Quantity.duration(least.seconds)) would measure closewatch itself")
  }
}
