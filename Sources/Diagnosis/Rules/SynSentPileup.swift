// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension RuleID {
  package static let synSentPileup = RuleID("syn-sent-pileup")
}

extension Cause {
  package static let connectBlackhole = Cause("connect-blackhole")
}

/// A process connects to something that does not answer at all, without a timeout of its own.
package enum SynSentPileup: Rule {
  package static let id = RuleID.synSentPileup
  package static let causes: [Cause] = [.connectBlackhole]
  package static let states: [TCPState] = [.synSent]
  package static let patience = Patience(
    of: id, atMost: 15,
    because: "four retransmissions of the SYN (after 1, 3, 7 and 15 s) went unanswered")
  package static let thresholds: [Threshold] =
    UnfinishedGroup.thresholds + [.descriptorShareWarning]

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    UnfinishedGroup.findings(
      UnfinishedGroup.Question(
        rule: Self.self, state: .synSent, fewestRetransmits: 1,
        connections: \.activeOpens),
      in: inquiry)
  }
}
