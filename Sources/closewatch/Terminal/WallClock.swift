// SPDX-License-Identifier: Apache-2.0

import Glibc
import Reporting

/// The reader's time zone: localtime(3), mktime(3).
enum WallClock {
  /// What the clock on the wall shows at so many seconds since 1970.
  static func time(_ seconds: Double) -> CalendarTime {
    var parts = tm()
    var whole = time_t(max(-6e10, min(6e10, seconds)).rounded(.down))
    localtime_r(&whole, &parts)
    return CalendarTime(
      year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday),
      hour: Int(parts.tm_hour), minute: Int(parts.tm_min), second: Int(parts.tm_sec),
      weekday: Int(parts.tm_wday))
  }

  /// Seconds since 1970 when the clock shows this; nil when it never does (30 February).
  static func seconds(
    year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0
  ) -> Double? {
    var parts = tm()
    parts.tm_year = Int32(year - 1900)
    parts.tm_mon = Int32(month - 1)
    parts.tm_mday = Int32(day)
    parts.tm_hour = Int32(hour)
    parts.tm_min = Int32(minute)
    parts.tm_sec = Int32(second)
    parts.tm_isdst = -1
    let result = mktime(&parts)
    guard parts.tm_mon == Int32(month - 1), parts.tm_mday == Int32(day) else { return nil }
    return Double(result)
  }
}
