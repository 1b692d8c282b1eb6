// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Reporting

@Suite struct UTCTimeTests {
  @Test(arguments: [
    (0.0, "1970-01-01 00:00:00 UTC"), (951_782_400, "2000-02-29 00:00:00 UTC"),
    (1_700_000_000.9, "2023-11-14 22:13:20 UTC"), (4_107_542_399, "2100-02-28 23:59:59 UTC"),
    (4_107_542_400, "2100-03-01 00:00:00 UTC"), (253_402_300_799, "9999-12-31 23:59:59 UTC"),
    (253_402_300_800, "unknown"), (-1, "unknown"), (.nan, "unknown"), (.infinity, "unknown"),
  ])
  func `a time is written as its date in the calendar and its clock`(
    seconds: Double, text: String
  ) {
    #expect(UTCTime.text(seconds) == text)
  }

  @Test func `the day is left out where it is not in doubt`() {
    #expect(UTCTime.text(1_700_000_000, seenAt: 1_700_043_199) == "22:13:20 UTC")
    #expect(UTCTime.text(1_700_000_000, seenAt: 1_700_043_200) == "2023-11-14 22:13:20 UTC")
    #expect(UTCTime.text(1_700_000_000, seenAt: 1_699_999_999) == "2023-11-14 22:13:20 UTC")
  }
}
