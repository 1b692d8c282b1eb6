// SPDX-License-Identifier: Apache-2.0

import Console
import Diagnosis
import Settings

/// A patience as it is typed: `13s` for all rules, `close-wait-leak=5m` for one.
struct PatienceArgument {
  var rule: RuleID?
  var time: TimeSpan
  /// As it was typed.
  var text: String

  static func parse(_ text: String) throws -> PatienceArgument {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      return PatienceArgument(
        rule: nil, time: try TimeSpanArgument.parsePositive(text), text: text)
    }
    return PatienceArgument(
      rule: try parseRule(String(parts[0])),
      time: try TimeSpanArgument.parsePositive(String(parts[1])), text: text)
  }

  static func parseRule(_ text: String) throws -> RuleID {
    if let rule = RuleID(rawValue: text.lowercased()) { return rule }
    let names = RuleID.allCases.map(\.rawValue)
    let nearest = UsageError.nearest(to: text, in: names).map { "; did you mean \($0)?" }
    throw UsageError(
      "there is no rule '\(text)'" + (nearest ?? "; there are \(names.joined(separator: ", "))"))
  }
}
