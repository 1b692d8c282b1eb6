// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// `last-ack-pileup`: the peer closed, then we, and our FIN is not acknowledged.
enum LastAckPileupGuide {
  /// The guide, with its placeholders. The runtime decides how stacks are seen and the lasting fix.
  static func text(_ cause: Cause, _ runtime: ProcessRuntime) -> GuideText {
    GuideText(
      title: cause == .peerNeverReads
        ? "Closed second, with data the peer does not read"
        : "Closed second, and nobody acknowledges it",
      meaning: cause == .peerNeverReads ? neverReads : vanished,
      now: UnacknowledgedCloseGuide.now(cause, state: "last-ack"),
      fix: UnacknowledgedCloseGuide.fix(cause, runtime),
      doesNotHelp: UnacknowledgedCloseGuide.futile(cause))
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
