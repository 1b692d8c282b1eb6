// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// `last-ack-pileup`: the peer closed, then we, and our FIN is not acknowledged.
extension LastAckPileup: RuleGuide {
  package static let summary = "our FIN gets no ACK; the peer closed first"
  package static let messageIDs = MessageIDs(
    firing: "5972ea9a6f204c14ae7d4c1c3b191fbe", worsened: "a15ce6d5e55e492ab29a2929b51c6d71",
    resolved: "8050e66b879e4372b2ec40974d0bff7e",
    others: [
      .peerNeverReads: "401a8cc5f264487c88ef10003b107f2c"
    ])
  package static let sysctls = UnacknowledgedCloseGuide.sysctls

  package static func text(_ subject: GuideSubject) -> GuideText {
    GuideText(
      title: subject.cause == .peerNeverReads
        ? "Closed second, with data the peer does not read"
        : "Closed second, and nobody acknowledges it",
      meaning: subject.cause == .peerNeverReads ? neverReads : vanished,
      look: UnacknowledgedCloseGuide.look(subject.cause, state: "last-ack"),
      fix: UnacknowledgedCloseGuide.fix(subject),
      doesNotHelp: UnacknowledgedCloseGuide.futile(subject.cause))
  }

  private static let vanished = """
    The peer has closed, then the program has closed, as it should. Our FIN is retransmitted and \
    not acknowledged: probably a firewall forgot the connection with the first FIN, or the peer is \
    gone. The kernel gives up by itself after minutes.
    """

  private static let neverReads = """
    The peer has closed its sending side, then the program has closed. Our FIN waits behind data \
    that the peer does not read: its window is closed. No process holds these; they cost memory of \
    the kernel.
    """
}
