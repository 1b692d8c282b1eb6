// SPDX-License-Identifier: Apache-2.0

/// A moment as a clock on the wall shows it, in the time zone of the reader.
package struct CalendarTime: Hashable, Sendable {
  package var year: Int
  /// From 1.
  package var month: Int
  package var day: Int
  package var hour: Int
  package var minute: Int
  package var second: Int
  /// From 0, Sunday.
  package var weekday: Int

  package init(
    year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, weekday: Int
  ) {
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
    self.weekday = weekday
  }

  /// `Thu 2026-11-26`.
  package var date: String {
    let names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let name = names.indices.contains(weekday) ? names[weekday] + " " : ""
    return "\(name)\(Self.digits(year, 4))-\(Self.digits(month, 2))-\(Self.digits(day, 2))"
  }

  /// `14:02:11`.
  package var clock: String {
    [hour, minute, second].map { Self.digits($0, 2) }.joined(separator: ":")
  }

  private static func digits(_ value: Int, _ count: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
  }
}
