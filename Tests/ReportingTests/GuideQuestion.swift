// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting

/// Every question that can be asked of the guides: an author is asked by runtime, an operator by
/// program, both by direction.
struct GuideQuestion: Sendable {
  var rule: RuleID
  var subject: GuideSubject
  var text: GuideText { rule.guide(to: subject) }
  var name: String { subject.explainCommand(rule) }

  static let all: [GuideQuestion] = RuleID.allCases.flatMap { rule in
    rule.guide.causes.flatMap { cause in
      [nil, .inbound, .outbound].flatMap { direction in
        subjects(cause, direction).map { GuideQuestion(rule: rule, subject: $0) }
      }
    }
  }

  private static func subjects(
    _ cause: Cause, _ direction: ConnectionDirection?
  ) -> [GuideSubject] {
    let operators = [GuideReader.installed] + ProgramGuide.all.map(GuideReader.of)
    return ProcessRuntime.allCases.map {
      GuideSubject(cause, runtime: $0, direction: direction)
    } + operators.map { GuideSubject(cause, direction: direction, reader: $0) }
  }
}
