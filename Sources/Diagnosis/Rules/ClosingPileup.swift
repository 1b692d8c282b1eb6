// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Both sides closed at the same moment and the last acknowledgement does not come.
///
/// 15 s: as for FIN_WAIT1.
package enum ClosingPileup: Rule {
  package static let id = RuleID.closingPileup

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    UnfinishedGroup.findings(
      UnfinishedGroup.Question(
        rule: id, state: .closing, patienceCapSeconds: 15, fewestRetransmits: 3,
        connections: \.passiveOpens),
      in: inquiry)
  }
}
