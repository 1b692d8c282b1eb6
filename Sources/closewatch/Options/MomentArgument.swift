// SPDX-License-Identifier: Apache-2.0

import Reporting
import Settings

/// A moment as people type it: `2h` (ago), `2026-11-26 14:00`, `14:00`, `today`, `yesterday`.
enum MomentArgument: Hashable {
  /// So long before now.
  case ago(TimeSpan)
  /// At 0:00, so many days before today.
  case midnight(daysAgo: Int)
  /// On a day, or today without one.
  case at(Day?, hour: Int, minute: Int, second: Int)

  /// A day of the calendar.
  struct Day: Hashable {
    var year: Int
    var month: Int
    var day: Int
  }

  static func parse(_ text: String) throws -> MomentArgument {
    switch text.lowercased() {
    case "today": return .midnight(daysAgo: 0)
    case "yesterday": return .midnight(daysAgo: 1)
    case "now": return .ago(TimeSpan(seconds: 0))
    default: break
    }
    if let span = try? TimeSpanArgument.parse(text) { return .ago(span) }
    let parts = text.split(whereSeparator: { $0 == " " || $0 == "T" })
    let day = parts.first.flatMap { Self.day($0) }
    let clocks = day == nil ? parts[...] : parts.dropFirst()
    guard clocks.count <= 1, !parts.isEmpty, day != nil || clocks.count == 1 else {
      throw mistake()
    }
    guard let clock = clocks.first else {
      return .at(day, hour: 0, minute: 0, second: 0)
    }
    guard let (hour, minute, second) = Self.clock(clock) else { throw mistake() }
    return .at(day, hour: hour, minute: minute, second: second)
  }

  /// Seconds since 1970.
  ///
  /// - Throws: ``UsageError`` for a day that the calendar does not have.
  func seconds(now: Double) throws(UsageError) -> Double {
    let today = WallClock.time(now)
    let found: Double?
    switch self {
    case .ago(let span):
      return now - span.seconds
    case .midnight(let daysAgo):
      // mktime(3) takes the day before the first of a month; the check of the day does not.
      let noon = WallClock.seconds(
        year: today.year, month: today.month, day: today.day, hour: 12)
      let day = WallClock.time((noon ?? now) - 86_400 * Double(daysAgo))
      found = WallClock.seconds(year: day.year, month: day.month, day: day.day)
    case .at(let day, let hour, let minute, let second):
      found = WallClock.seconds(
        year: day?.year ?? today.year, month: day?.month ?? today.month,
        day: day?.day ?? today.day, hour: hour, minute: minute, second: second)
    }
    guard let found else { throw UsageError("there is no such day") }
    return found
  }

  private static func mistake() -> UsageError {
    UsageError("write a time such as 2h, 2026-11-26 14:00, 14:00, today or yesterday")
  }

  private static func day(_ text: Substring) -> Day? {
    guard let numbers = numbers(text, "-"), numbers.count == 3,
      (1970...9999).contains(numbers[0]), (1...12).contains(numbers[1]),
      (1...31).contains(numbers[2])
    else { return nil }
    return Day(year: numbers[0], month: numbers[1], day: numbers[2])
  }

  private static func clock(_ text: Substring) -> (Int, Int, Int)? {
    guard let numbers = numbers(text, ":"), (2...3).contains(numbers.count),
      (0...23).contains(numbers[0]), (0...59).contains(numbers[1]),
      numbers.count == 2 || (0...59).contains(numbers[2])
    else { return nil }
    return (numbers[0], numbers[1], numbers.count == 3 ? numbers[2] : 0)
  }

  private static func numbers(_ text: Substring, _ separator: Character) -> [Int]? {
    let parts = text.split(separator: separator, omittingEmptySubsequences: false)
    let numbers = parts.compactMap { part in
      part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(part) : nil
    }
    return numbers.count == parts.count ? numbers : nil
  }
}
