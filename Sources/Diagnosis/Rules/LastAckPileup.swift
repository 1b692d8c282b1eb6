// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Both sides have closed and our FIN is not acknowledged: the peer has vanished, or something on
/// the way forgot the connection with the first FIN.
///
/// 15 s: as for FIN_WAIT1. The kernel gives up after about 100 s.
package enum LastAckPileup: Rule {
  package static let id = RuleID.lastAckPileup

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    UnfinishedGroup.findings(
      UnfinishedGroup.Question(
        rule: id, state: .lastAck, patienceCapSeconds: 15, fewestRetransmits: 3,
        connections: \.passiveOpens),
      in: inquiry)
  }
}
