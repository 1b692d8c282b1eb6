// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension RuleID {
  package static let synRecvPileup = RuleID("syn-recv-pileup")
}

extension Cause {
  package static let handshakeNeverCompleted = Cause("handshake-never-completed")
}

/// Clients start connections and never complete the handshake: our SYN-ACK or their ACK is lost on
/// the way, or somebody floods the port with SYN.
package enum SynRecvPileup: Rule {
  package static let id = RuleID.synRecvPileup
  package static let causes: [Cause] = [.handshakeNeverCompleted]
  package static let states: [TCPState] = [.synRecv]
  package static let patience = Patience(
    of: id, atMost: 7,
    because: """
      three retransmissions of the SYN-ACK (after 1, 3 and 7 s) went unanswered; fewer than 10 x \
      fewest-unfinished must also go on coming for twice the time that rules.patience is set to \
      (once, if that is less than a minute), as those of scans do not
      """)
  package static let thresholds: [Threshold] =
    UnfinishedGroup.thresholds + [.fewestSamples, .synQueue, .queueFull]

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    UnfinishedGroup.findings(
      UnfinishedGroup.Question(
        rule: Self.self, state: .synRecv, fewestRetransmits: 1,
        connections: \.passiveOpens),
      in: inquiry)
  }
}
