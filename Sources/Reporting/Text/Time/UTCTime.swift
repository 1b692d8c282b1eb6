// SPDX-License-Identifier: Apache-2.0

/// A wall clock time in words. UTC: a page is read on another machine than the one that wrote it.
package enum UTCTime {
  /// `2023-11-14 22:13:20 UTC`.
  ///
  /// - Parameter seconds: Since 1970.
  static func text(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 253_402_300_800 else { return "unknown" }
    let whole = Int(seconds)
    let (year, month, day) = date(whole / 86_400)
    let time = [whole / 3600 % 24, whole / 60 % 60, whole % 60].map(two)
    return "\(year)-\(two(month))-\(two(day)) \(time.joined(separator: ":")) UTC"
  }

  /// The same for a reader who knows the day: `22:13:20 UTC` when it is less than half a day before
  /// `now`.
  static func text(_ seconds: Double, seenAt now: Double) -> String {
    let whole = text(seconds)
    guard now - seconds < 43_200, now >= seconds, let space = whole.firstIndex(of: " ") else {
      return whole
    }
    return String(whole[whole.index(after: space)...])
  }

  /// The date of a day since 1970: days since 1 March of year 0, in eras of 400 years, so that the
  /// leap day is the last of a year.
  package static func date(_ day: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = day + 719_468
    let era = shifted / 146_097
    let ofEra = shifted % 146_097
    let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * ofYear + 2) / 153
    let isNextYear = month >= 10
    return (
      yearOfEra + era * 400 + (isNextYear ? 1 : 0), isNextYear ? month - 9 : month + 3,
      ofYear - (153 * month + 2) / 5 + 1
    )
  }

  /// As HTTP writes them.
  package static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// The day since 1970 of a date: the way back.
  static func day(year: Int, month: Int, day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let yearOfEra = shifted % 400
    let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + ofYear - 719_468
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
