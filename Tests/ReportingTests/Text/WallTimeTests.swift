// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Reporting
import Testing

@Suite struct WallTimeTests {
  /// 1,000 s after boot it is 2026-03-01 00:10:00 UTC.
  private func text(_ second: Double, offset: Int = 0) -> String {
    WallTime(BootInstant(seconds: 1000), is: 1_772_323_800, offsetSeconds: offset)
      .text(of: BootInstant(seconds: second))
  }

  @Test func `on the same day it is hours and minutes`() {
    #expect(text(1000) == "00:10")
    #expect(text(1000 - 600) == "00:00")
    #expect(text(1000 + 3661) == "01:11")
  }

  @Test func `another day has its date, across the end of February`() {
    #expect(text(1000 - 601) == "2026-02-28 23:59")
    #expect(text(1000 - 86_400) == "2026-02-28 00:10")
  }

  @Test func `a day begins where the reader lives`() {
    #expect(text(1000 - 601, offset: 3600) == "00:59")
    #expect(text(1000, offset: -3600) == "23:10")
    #expect(text(1000 + 3600, offset: -3600) == "2026-03-01 00:10")
  }

  @Test func `the last day of a leap year and a clock that is far off are told too`() {
    let leap = WallTime(BootInstant(seconds: 0), is: 1_735_603_200)
    #expect(leap.text(of: BootInstant(seconds: -86_400 * 306)) == "2024-02-29 00:00")
    for odd in [-1e12, 1e18, .infinity] {
      #expect(WallTime(BootInstant(seconds: 0), is: odd).text(of: BootInstant(seconds: 0)) != "")
    }
  }
}
