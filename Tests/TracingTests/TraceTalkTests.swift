// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Reporting
import Testing

/// What `run` and its tracer say to each other.
@Suite struct TraceTalkTests {
  private static func heard(_ line: String) throws -> [String] {
    var lines = TraceTalk.Lines()
    let taken = lines.take(line.utf8)
    return try #require(taken)
  }

  @Test func `an answer arrives as it was given, without what would break its line`() throws {
    var place = CodePlace("learned at a\tb\n\u{e9}", kind: "end-of-stream")
    (place.function, place.line) = ("a\tb", 7)
    let lines = try Self.heard(TraceTalk.Answer.place(cookie: .max, place, isFinal: true).line)
    place.words = "learned at a?b?\u{e9}"
    place.function = "a?b"
    #expect(lines.count == 1)
    #expect(
      TraceTalk.Answer(lines[0]) == .place(cookie: .max, place, isFinal: true))
    for answer in [
      TraceTalk.Answer.ready, .refused("no root"), .answered(number: 3, unfollowed: 9),
      .place(cookie: 1, CodePlace(unknownBecause: "unread"), isFinal: false),
    ] {
      #expect(TraceTalk.Answer(try Self.heard(answer.line)[0]) == answer)
    }
  }

  @Test func `a question arrives as it was asked`() throws {
    for question in [
      TraceTalk.Question.socket(cookie: .max, unread: 0), .socket(cookie: 1, unread: nil),
      .answer(number: 12),
    ] {
      #expect(TraceTalk.Question(try Self.heard(question.line)[0]) == question)
    }
  }

  @Test(arguments: [
    "", "ready\tnow", "place", "place\tx\t\t\t\t\t\twords", "place\t1\t\t\t\t\t\t", "answered\t1",
    "answered\t-\t1", "refused",
  ])
  func `what is no answer is none`(line: String) { #expect(TraceTalk.Answer(line) == nil) }

  @Test(arguments: ["", "socket", "socket\t-1\t", "answer\tx", "socket\t1\t2\t3"])
  func `what is no question is none`(line: String) { #expect(TraceTalk.Question(line) == nil) }

  @Test func `pieces make lines, and what has no end is no talk`() {
    var lines = TraceTalk.Lines()
    let taken = ["rea", "dy\nanswered\t1\t0\nx", String(repeating: "A", count: 100_000)].map {
      lines.take($0.utf8)
    }
    #expect(taken == [[], ["ready", "answered\t1\t0"], nil])
  }
}
