// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// `closing-pileup`: both sides closed at once, and our FIN is not acknowledged.
extension ClosingPileup: RuleGuide {
  package static let summary = "both sides closed at once, and no ACK comes"
  package static let messageIDs = MessageIDs(
    firing: "0290fa57c293439ea45277bb95bb8642", worsened: "fc3a7b131f044934b013ba3322db0cf1",
    resolved: "0aa41e62d32945d68f3583e1f8497e8f",
    others: [
      .peerNeverReads: "fbbc1fc5591a4b84ad111e9bb2371a94"
    ])
  package static let sysctls = UnacknowledgedCloseGuide.sysctls

  package static func text(_ subject: GuideSubject) -> GuideText {
    GuideText(
      title: subject.cause == .peerNeverReads
        ? "Both closed, with data the peer does not read"
        : "Both closed at once, and nobody acknowledges it",
      meaning: subject.cause == .peerNeverReads ? neverReads : vanished,
      look: UnacknowledgedCloseGuide.look(subject.cause, state: "closing"),
      fix: UnacknowledgedCloseGuide.fix(subject),
      doesNotHelp: UnacknowledgedCloseGuide.futile(subject.cause))
  }

  private static let vanished = """
    Both sides have closed at the same time. The peer's FIN is here, ours is retransmitted and not \
    acknowledged: packets are lost in one direction, or the peer is gone. The kernel gives up by \
    itself after minutes.
    """

  private static let neverReads = """
    Both sides have closed at the same time, and our FIN waits behind data that the peer does not \
    read: its window is closed. No process holds these; they cost memory of the kernel.
    """
}
