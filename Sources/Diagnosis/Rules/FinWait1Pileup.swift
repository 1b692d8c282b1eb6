// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension RuleID {
  package static let finWait1Pileup = RuleID("fin-wait-1-pileup")
}

/// We closed and the FIN is not acknowledged: the peer has vanished, or it never reads and a zero
/// window holds the FIN back.
package enum FinWait1Pileup: Rule {
  package static let id = RuleID.finWait1Pileup
  package static let causes = UnfinishedGroup.causesOfClose
  package static let states: [TCPState] = [.finWait1]
  package static let patience = UnfinishedGroup.patienceOfClose(id)
  package static let thresholds: [Threshold] = UnfinishedGroup.thresholds

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    UnfinishedGroup.findings(
      UnfinishedGroup.Question(
        rule: Self.self, state: .finWait1, fewestRetransmits: 3,
        connections: \.passiveOpens),
      in: inquiry)
  }
}
