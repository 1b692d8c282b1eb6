// SPDX-License-Identifier: Apache-2.0

import Diagnosis

/// Says that findings are known and accepted, or were.
struct AcceptedWords {
  private let words: FindingWords

  init(_ words: FindingWords) { self.words = words }

  /// `2 accepted: close-wait-stuck of legacy.service, 40 sockets in CLOSE_WAIT, until 2027-03-31
  /// (ticket 812); ...`; nil when there are none.
  func line(_ findings: [Finding]) -> String? {
    guard !findings.isEmpty else { return nil }
    let shown = findings.prefix(Self.shown).map { finding in
      "\(finding.rule.rawValue) of \(words.printable(finding.owner.title)), "
        + "\(words.what(finding)), " + (finding.accepted.map(term) ?? "")
    }
    let more = findings.count - shown.count
    let rest = more > 0 ? "; \(Quantity.count(more)) more, in --json" : ""
    return "\(Quantity.count(findings.count)) accepted (rules.accept): "
      + shown.joined(separator: "; ") + rest
  }

  private static let shown = 4

  /// `accepted until 2027-03-31 (ticket 812)`, or that it no longer is, and why.
  func sentence(_ accepted: Accepted) -> String {
    switch accepted.standing {
    case .inForce: "accepted " + term(accepted)
    case .expired: "no longer accepted: that was " + term(accepted)
    case .doubled:
      "no longer accepted: it was with \(Quantity.count(accepted.sockets)), " + term(accepted)
    }
  }

  /// Why it is told again, in the list of what has happened.
  static func over(_ standing: Acceptance.Standing) -> String {
    switch standing {
    case .inForce: "accepted"
    case .expired: "no longer accepted: its last day is over"
    case .doubled: "no longer accepted: twice as many as were"
    }
  }

  private func term(_ accepted: Accepted) -> String {
    "until \(accepted.acceptance.until) (\(words.printable(accepted.acceptance.reason)))"
  }
}
