// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Diagnosis
import KernelTables
import Reporting
import Testing

@testable import closewatch

@Suite struct ExplainOptionsTests {
  private static let subjects: [GuideSubject] = [nil, .inbound, .outbound].flatMap { direction in
    [GuideSubject(.notAccepted, runtime: .go, direction: direction)]
      + ([.author, .installed] + ProgramGuide.all.map(GuideReader.of)).map {
        GuideSubject(.notAccepted, direction: direction, reader: $0)
      }
  }

  @Test func `the command below a finding runs, and prints the text of its cause and program`()
    throws
  {
    // Each cause and each subject once, and not each pair: a parse takes its time.
    let causes = RuleID.allCases.flatMap { rule in rule.guide.causes.map { (rule, $0) } }
    for index in 0..<max(causes.count, Self.subjects.count) {
      let (rule, cause) = causes[index % causes.count]
      var subject = Self.subjects[index % Self.subjects.count]
      subject.cause = cause
      let words = subject.explainCommand(rule).split(separator: " ").map(String.init)
      #expect(words.prefix(2) == ["closewatch", "explain"])
      let explain = try Explain.parse(Array(words.dropFirst(2)))
      let isOnly = rule.guide.causes.count == 1
      #expect(try explain.topic() == (isOnly ? .rule(rule) : .cause(rule, cause)))
      #expect(explain.audience.subject(cause) == subject, "\(words)")
    }
  }

  @Test(
    arguments: [
      (["accept-queue-stall", "--cause", "eof-unread"], "accept-queue-stall"),
      (["--cause", "eof-unread"], "--cause"),
      (["close-wait-leak", "--cause", "nothing"], "eof-unread"),
      (["close-wait-leak", "--for", "cobol"], "postgresql"),
      (["close-wait-leak", "--direction", "up"], "outbound"),
    ])
  func `what does not fit is refused, and the message says what does`(
    words: [String], says: String
  ) {
    do {
      _ = try Explain.parse(words).topic()
      Issue.record("\(words) was taken")
    } catch {
      #expect(Explain.message(for: error).contains(says))
    }
  }
}
