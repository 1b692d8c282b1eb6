// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Instants of the boot clock as people read a clock: one pair of readings of both ties them.
package struct WallTime: Hashable, Sendable {
  /// The same moment on both clocks; `seconds` since 1970.
  private let instant: BootInstant
  private let seconds: Double
  /// East of Greenwich.
  private let offsetSeconds: Int

  /// - Parameters:
  ///   - instant: A moment on the boot clock.
  ///   - seconds: The same moment in seconds since 1970.
  ///   - offsetSeconds: Of local time from UTC, to the east.
  package init(_ instant: BootInstant, is seconds: Double, offsetSeconds: Int = 0) {
    self.instant = instant
    self.seconds = seconds
    self.offsetSeconds = min(max(offsetSeconds, -86_400), 86_400)
  }

  /// Seconds since 1970.
  package func seconds(of other: BootInstant) -> Double {
    seconds + other.seconds(since: instant)
  }

  /// `14:02`; `2026-11-25 14:02` when it is not of the day that the pair of readings is of.
  package func text(of other: BootInstant) -> String {
    let (day, minute) = Self.local(seconds(of: other), offsetSeconds)
    let clock = Self.two(minute / 60) + ":" + Self.two(minute % 60)
    return day == Self.local(seconds, offsetSeconds).day ? clock : Self.date(day) + " " + clock
  }

  /// The same with its zone: `14:02 UTC`, `14:02 +05:30`.
  package func textWithZone(of other: BootInstant) -> String {
    let minutes = abs(offsetSeconds) / 60
    let zone =
      offsetSeconds == 0
      ? "UTC"
      : (offsetSeconds < 0 ? "-" : "+") + Self.two(minutes / 60) + ":" + Self.two(minutes % 60)
    return text(of: other) + " " + zone
  }

  /// Days since 1970, and the minute of the day.
  private static func local(_ seconds: Double, _ offset: Int) -> (day: Int, minute: Int) {
    // Of a clock that is far off nothing can be said; it must not trap either.
    let clamped = min(max(seconds, 0), 4e11).rounded(.down)
    let local = max(0, Int(clamped) + offset)
    return (local / 86_400, local % 86_400 / 60)
  }

  /// `2026-11-25`.
  private static func date(_ day: Int) -> String {
    let date = UTCTime.date(day)
    return "\(date.year)-\(two(date.month))-\(two(date.day))"
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
