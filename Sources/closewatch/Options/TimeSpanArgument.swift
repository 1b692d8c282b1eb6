// SPDX-License-Identifier: Apache-2.0

import Settings

/// A span of time on the command line.
enum TimeSpanArgument {
  /// - Throws: ``UsageError`` that shows how to write one.
  static func parse(_ text: String) throws -> TimeSpan {
    guard let span = TimeSpan(text) else {
      throw UsageError("write a number with its unit, such as 30s, 2m, 1h30m or 500ms")
    }
    return span
  }

  /// The same, and more than nothing.
  static func parsePositive(_ text: String) throws -> TimeSpan {
    let span = try parse(text)
    guard span.seconds > 0 else { throw UsageError("it must be more than 0") }
    return span
  }
}
