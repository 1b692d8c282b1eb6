// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension RuleID {
  package static let closingPileup = RuleID("closing-pileup")
}

/// Both sides closed at the same moment and the last acknowledgement does not come.
///
/// 15 s: as for FIN_WAIT1.
package enum ClosingPileup: Rule {
  package static let id = RuleID.closingPileup
  package static let causes = UnfinishedGroup.causesOfClose
  package static let states: [TCPState] = [.closing]
  package static let patience = Patience(of: id, atMost: 15)

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    UnfinishedGroup.findings(
      UnfinishedGroup.Question(
        rule: Self.self, state: .closing, fewestRetransmits: 3,
        connections: \.passiveOpens),
      in: inquiry)
  }
}
