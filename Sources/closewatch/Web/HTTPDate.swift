// SPDX-License-Identifier: Apache-2.0

import LinuxHost

/// Dates as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
enum HTTPDate {
  static var now: String { text(Int(Clock.wallSeconds)) }

  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// - Parameter seconds: Since 1970, not negative.
  static func text(_ seconds: Int) -> String {
    let day = seconds / 86400
    let time = seconds % 86400
    // Days since 1 March of year 0, in eras of 400 years: the leap day is the last of a year.
    let shifted = day + 719_468
    let era = shifted / 146_097
    let ofEra = shifted % 146_097
    let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * ofYear + 2) / 153
    let date = ofYear - (153 * month + 2) / 5 + 1
    let isNextYear = month >= 10
    let year = yearOfEra + era * 400 + (isNextYear ? 1 : 0)
    let name = months[isNextYear ? month - 10 : month + 2]
    let clock = [time / 3600, time / 60 % 60, time % 60].map(two).joined(separator: ":")
    return "\(days[day % 7]), \(two(date)) \(name) \(year) \(clock) GMT"
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
