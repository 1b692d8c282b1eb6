// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Reporting

/// What an answer of a collector means.
@Suite struct CollectorAnswerTests {
  /// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
  private static let example = 784_111_777.0

  private func answer(
    _ status: UInt, _ body: [UInt8] = [], isProtobuf: Bool = true, retryAfter: String? = nil
  ) -> CollectorAnswer {
    CollectorAnswer(
      status: status, reason: "Words", body: body, isProtobuf: isProtobuf, retryAfter: retryAfter,
      at: Self.example)
  }

  /// An `ExportMetricsServiceResponse`, written by its Python library.
  private static let partial: [UInt8] = [
    0x0a, 0x0c, 0x08, 0x03, 0x12, 0x08, 0x74, 0x6f, 0x6f, 0x20, 0x6d, 0x61, 0x6e, 0x79,
  ]

  @Test func `a success says what was left out`() {
    #expect(answer(200) == .accepted(rejected: 0, message: ""))
    #expect(answer(202, Self.partial) == .accepted(rejected: 3, message: "too many"))
    // Not a message of OTLP: some proxies answer with a page.
    #expect(answer(200, Self.partial, isProtobuf: false) == .accepted(rejected: 0, message: ""))
    let endless: [UInt8] = [0x0a, 0x0b, 0x08] + [UInt8](repeating: 0xff, count: 9) + [0x01]
    #expect(answer(200, endless) == .accepted(rejected: 0, message: ""))
    let most: [UInt8] = [0x0a, 0x06, 0x08, 0xff, 0xff, 0xff, 0xff, 0x0f]
    #expect(answer(200, most) == .accepted(rejected: 2000, message: ""))
  }

  @Test(arguments: [429, 502, 503, 504] as [UInt])
  func `what passes is a failure`(_ status: UInt) {
    #expect(
      answer(status, retryAfter: "7")
        == .failed("it answers \(status) Words", retryAfterSeconds: 7))
  }

  @Test(arguments: [301, 400, 401, 404, 413, 500, 501] as [UInt])
  func `everything else is a refusal`(_ status: UInt) {
    #expect(answer(status, retryAfter: "7") == .refused("it answers \(status) Words"))
  }

  @Test func `the words of a collector are bounded and fit for a line`() {
    let words = "bad \u{1b}[31m\n" + String(repeating: "x", count: 1000)
    var writer = ProtobufWriter()
    writer.number(1, 3)
    writer.text(2, words)
    let line = "it answers 400 Words: bad ?[31m?" + String(repeating: "x", count: 189) + "…"
    #expect(answer(400, writer.bytes) == .refused(line))
  }

  @Test(
    arguments: [
      ("0", 0.0), (" 12 ", 12), ("99999999999999999999999", 3600), ("86400", 3600),
      ("Sun, 06 Nov 1994 08:49:47 GMT", 10), ("Sun, 06 Nov 1994 08:49:07 GMT", 0),
      ("Thu, 29 Feb 2024 12:00:00 GMT", 3600),
    ] as [(String, Double)])
  func `Retry-After is seconds or a date, and at most an hour`(_ text: String, _ seconds: Double) {
    #expect(RetryAfter.seconds(text, at: Self.example) == seconds)
  }

  @Test(arguments: ["", "-1", "1.5", "soon", "Sun, 06 Foo 1994 08:49:47 GMT", "Sun, 06 Nov 1994"])
  func `what is neither is none`(_ text: String) {
    #expect(RetryAfter.seconds(text, at: Self.example) == nil)
  }

  @Test func `days and dates are two ways of one thing`() {
    for day in [0, 59, 60, 365, 11_016, 19_782, 19_783, 47_540, 2_932_896] {
      let (year, month, date) = UTCTime.date(day)
      #expect(UTCTime.day(year: year, month: month, day: date) == day)
    }
  }

  @Test func `a status counts outcomes and knows since when none succeeds`() {
    var status = PushStatus()
    status.count(.accepted(rejected: 2, message: ""), of: "http://c", at: 10)
    #expect(status.failingSince == nil)
    status.count(.failed("a"), of: "http://c", at: 20)
    status.count(.refused("b"), of: "http://c", at: 30)
    #expect(status.failure == "http://c: b")
    #expect(status.failingSince == 20)
    #expect(status.counts == [.accepted: 1, .failed: 1, .refused: 1])
    status.count(.accepted(rejected: 1, message: ""), of: "http://c", at: 40)
    #expect(status.failure == nil)
    #expect(status.failingSince == nil)
    #expect(status.rejectedPoints == 3)
    #expect(status.lastAcceptedWallSeconds == 40)
  }
}
