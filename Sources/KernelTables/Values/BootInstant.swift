// SPDX-License-Identifier: Apache-2.0

/// A point in time on `CLOCK_BOOTTIME`: it never jumps, and it goes on while the host is suspended.
///
/// Every decision about time is made on this clock; the wall clock is only ever printed.
package struct BootInstant: Hashable, Sendable, Comparable, Codable {
  /// Nanoseconds since boot.
  package var nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
  package init(milliseconds: Int64) { nanoseconds = milliseconds * 1_000_000 }
  package init(seconds: Double) { nanoseconds = Int64(seconds * 1e9) }

  /// No deadline.
  package static let never = BootInstant(nanoseconds: .max)

  /// Seconds since boot.
  package var seconds: Double { Double(nanoseconds) / 1e9 }

  /// Seconds from `earlier` to this instant; negative when it is later.
  package func seconds(since earlier: BootInstant) -> Double {
    Double(nanoseconds - earlier.nanoseconds) / 1e9
  }

  package func advanced(bySeconds seconds: Double) -> BootInstant {
    BootInstant(nanoseconds: nanoseconds + Int64(seconds * 1e9))
  }

  package static func < (a: BootInstant, b: BootInstant) -> Bool {
    a.nanoseconds < b.nanoseconds
  }
}
