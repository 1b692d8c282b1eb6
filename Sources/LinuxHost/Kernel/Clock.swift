// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
package import KernelTables

/// The kernel's clocks.
package enum Clock {
  /// Now, on the clock that every decision about time uses.
  package static var boot: BootInstant { BootInstant(nanoseconds: nanoseconds(CLOCK_BOOTTIME)) }
  /// How much longer than it was asked to watch a command may take: whoever waits at a terminal is
  /// told what there is.
  package static let commandSeconds = 8.0
  /// When a look of a command has to be over.
  package static var commandDeadline: BootInstant { boot.advanced(bySeconds: commandSeconds) }
  /// When a look that begins now has to be over, with the search for holders: before a watchdog of
  /// a minute takes it for stuck.
  package static var lookDeadline: BootInstant { boot.advanced(bySeconds: 45) }
  /// Seconds since 1970. For people only.
  package static var wallSeconds: Double { Double(nanoseconds(CLOCK_REALTIME)) / 1e9 }
  /// For deadlines and for what a look costs.
  package static var monotonicSeconds: Double { Double(nanoseconds(CLOCK_MONOTONIC)) / 1e9 }
  /// The processor time that the calling thread has used.
  package static var threadSeconds: Double {
    Double(nanoseconds(CLOCK_THREAD_CPUTIME_ID)) / 1e9
  }
  /// The processor time that all threads of this process have used.
  package static var processSeconds: Double {
    Double(nanoseconds(CLOCK_PROCESS_CPUTIME_ID)) / 1e9
  }
  /// What the clock on the wall shows at so many seconds since 1970: `16:04:10`. `$TZ`, else
  /// /etc/localtime.
  package static func onTheWall(_ seconds: Double) -> String {
    var time = time_t(seconds)
    var local = tm()
    guard localtime_r(&time, &local) != nil else { return "?" }
    return [local.tm_hour, local.tm_min, local.tm_sec]
      .map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
  }

  /// Seconds of local time from UTC now, to the east: `$TZ`, else /etc/localtime.
  package static var utcOffsetSeconds: Int {
    var now = time_t(wallSeconds)
    var local = tm()
    return localtime_r(&now, &local) == nil ? 0 : Int(local.tm_gmtoff)
  }

  private static func nanoseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    // Fails only for a clock that does not exist.
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
