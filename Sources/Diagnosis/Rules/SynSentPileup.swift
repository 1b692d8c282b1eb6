// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// A process connects to something that does not answer at all, without a timeout of its own.
///
/// 15 s: four retransmissions of the SYN (after 1, 3, 7 and 15 s) went unanswered.
package enum SynSentPileup: Rule {
  package static let id = RuleID.synSentPileup

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    UnfinishedGroup.findings(
      UnfinishedGroup.Question(
        rule: id, state: .synSent, patienceCapSeconds: 15, fewestRetransmits: 1,
        connections: \.activeOpens),
      in: inquiry)
  }
}
