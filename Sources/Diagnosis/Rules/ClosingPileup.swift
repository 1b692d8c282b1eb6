// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension RuleID {
  package static let closingPileup = RuleID("closing-pileup")
}

/// Both sides closed at the same moment and the last acknowledgement does not come.
package enum ClosingPileup: Rule {
  package static let id = RuleID.closingPileup
  package static let causes = UnfinishedGroup.causesOfClose
  package static let states: [TCPState] = [.closing]
  package static let patience = UnfinishedGroup.patienceOfClose(id)
  package static let thresholds: [Threshold] = UnfinishedGroup.thresholds

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    UnfinishedGroup.findings(
      UnfinishedGroup.Question(
        rule: Self.self, state: .closing, fewestRetransmits: 3,
        connections: \.passiveOpens),
      in: inquiry)
  }
}
