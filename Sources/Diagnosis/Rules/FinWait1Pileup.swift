// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// We closed and the FIN is not acknowledged: the peer has vanished, or it never reads and a zero
/// window holds the FIN back.
///
/// 15 s: a FIN is acknowledged within a round trip; after 15 s it has been sent seven times.
package enum FinWait1Pileup: Rule {
  package static let id = RuleID.finWait1Pileup

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    UnfinishedGroup.findings(
      UnfinishedGroup.Question(
        rule: id, state: .finWait1, patienceCapSeconds: 15, fewestRetransmits: 3,
        connections: \.passiveOpens),
      in: inquiry)
  }
}
