// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// `fin-wait-1-pileup`: closed by us first, and the FIN is not acknowledged.
extension FinWait1Pileup: RuleGuide {
  package static let summary = "our FIN gets no ACK; this side closed first"
  package static let messageIDs = MessageIDs(
    firing: "3b6e4b2eb9d948289f29a553f3b2ca58", worsened: "343b3e7f4f02435fa3ab8adc5740c9f1",
    resolved: "debb6b54e9d047578b1d59a694b19137",
    others: [
      .peerNeverReads: "849855ee9bfa418dae92985b9c2298dc"
    ])
  package static let sysctls = UnacknowledgedCloseGuide.sysctls

  package static func text(_ subject: GuideSubject) -> GuideText {
    GuideText(
      title: subject.cause == .peerNeverReads
        ? "Closed, with data that the peer does not read"
        : "Closed first, and nobody acknowledges it",
      meaning: subject.cause == .peerNeverReads ? neverReads : vanished,
      look: UnacknowledgedCloseGuide.look(subject.cause, state: "fin-wait-1"),
      fix: UnacknowledgedCloseGuide.fix(subject),
      doesNotHelp: UnacknowledgedCloseGuide.futile(subject.cause))
  }

  private static let vanished = """
    The program has closed first. The kernel retransmits the FIN and nobody acknowledges it: the \
    peer is gone, or something on the way drops the packets. No process holds these; the kernel \
    gives up by itself after minutes.
    """

  private static let neverReads = """
    The program has closed, and the FIN waits behind data that the peer does not read: its window \
    is closed. The kernel keeps data and FIN and probes the window. No process holds these; they \
    cost memory of the kernel.
    """
}
