// SPDX-License-Identifier: Apache-2.0

import Console
import Reporting
import Testing

@testable import closewatch

/// Times as people type them.
@Suite struct MomentArgumentTests {
  /// Noon of 26 November 2026, whatever the time zone.
  private static let now = WallClock.seconds(year: 2026, month: 11, day: 26, hour: 12) ?? 0

  private static func seconds(_ text: String) throws -> Double {
    try MomentArgument.parse(text).seconds(now: now)
  }

  @Test func `a span is so long ago`() throws {
    #expect(try Self.seconds("2h") == Self.now - 7200)
    #expect(try Self.seconds("now") == Self.now)
  }

  @Test func `a day and a time of it`() throws {
    #expect(try Self.seconds("2026-11-26 14:00") == Self.now + 7200)
    #expect(try Self.seconds("2026-11-26T14:00:05") == Self.now + 7205)
    #expect(try Self.seconds("2026-11-26") == Self.now - 43_200)
    #expect(try Self.seconds("14:00") == Self.now + 7200)
    #expect(try Self.seconds("Today") == Self.now - 43_200)
  }

  @Test func `yesterday is the day before, also over the end of a month`() throws {
    let first = try #require(WallClock.seconds(year: 2026, month: 3, day: 1, hour: 9))
    let yesterday = try MomentArgument.parse("yesterday").seconds(now: first)
    #expect(WallClock.time(yesterday).date == "Sat 2026-02-28")
    #expect(WallClock.time(yesterday).clock == "00:00:00")
  }

  @Test(arguments: [
    "", " ", "foo", "25:00", "14:60", "2026-13-01", "2026-11-26 14", "2026-11-26 x",
    "2026-11-26 14:00 15:00", "-2h", "+1", "1:2:3:4",
  ])
  func `anything else is one line that shows how`(_ text: String) {
    let error = #expect(throws: UsageError.self) { try MomentArgument.parse(text) }
    #expect(error?.description.contains("2026-11-26 14:00") == true)
  }

  @Test func `a day that the calendar does not have is refused`() throws {
    let moment = try MomentArgument.parse("2026-02-30")
    let error = #expect(throws: UsageError.self) { try moment.seconds(now: Self.now) }
    #expect(error?.description == "there is no such day")
  }
}
