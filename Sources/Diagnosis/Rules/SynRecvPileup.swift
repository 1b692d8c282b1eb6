// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Clients start connections and never complete the handshake: our SYN-ACK or their ACK is lost on
/// the way, or somebody floods the port with SYN.
///
/// 7 s: three retransmissions of the SYN-ACK (after 1, 3 and 7 s) went unanswered.
package enum SynRecvPileup: Rule {
  package static let id = RuleID.synRecvPileup

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    UnfinishedGroup.findings(
      UnfinishedGroup.Question(
        rule: id, state: .synRecv, patienceCapSeconds: 7, fewestRetransmits: 1,
        connections: \.passiveOpens),
      in: inquiry)
  }
}
