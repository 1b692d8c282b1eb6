// SPDX-License-Identifier: Apache-2.0

import LinuxHost
import Reporting

/// Dates as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
enum HTTPDate {
  static var now: String { text(Int(Clock.wallSeconds)) }

  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]

  /// - Parameter seconds: Since 1970, not negative.
  static func text(_ seconds: Int) -> String {
    let day = seconds / 86400
    let time = seconds % 86400
    let (year, month, date) = UTCTime.date(day)
    let clock = [time / 3600, time / 60 % 60, time % 60].map(two).joined(separator: ":")
    return "\(days[day % 7]), \(two(date)) \(UTCTime.months[month - 1]) \(year) \(clock) GMT"
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
