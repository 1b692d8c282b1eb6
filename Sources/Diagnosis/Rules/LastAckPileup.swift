// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension RuleID {
  package static let lastAckPileup = RuleID("last-ack-pileup")
}

/// Both sides have closed and our FIN is not acknowledged: the peer has vanished, or something on
/// the way forgot the connection with the first FIN.
///
/// The kernel gives up after about 100 s.
package enum LastAckPileup: Rule {
  package static let id = RuleID.lastAckPileup
  package static let causes = UnfinishedGroup.causesOfClose
  package static let states: [TCPState] = [.lastAck]
  package static let patience = UnfinishedGroup.patienceOfClose(id)
  package static let thresholds: [Threshold] = UnfinishedGroup.thresholds

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    UnfinishedGroup.findings(
      UnfinishedGroup.Question(
        rule: Self.self, state: .lastAck, fewestRetransmits: 3,
        connections: \.passiveOpens),
      in: inquiry)
  }
}
