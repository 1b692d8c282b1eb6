// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// `closing-pileup`: both sides closed at once, and our FIN is not acknowledged.
enum ClosingPileupGuide {
  /// The guide, with its placeholders. The runtime decides how stacks are seen and the lasting fix.
  static func text(_ cause: Cause, _ runtime: ProcessRuntime) -> GuideText {
    GuideText(
      title: cause == .peerNeverReads
        ? "Both closed, with data the peer does not read"
        : "Both closed at once, and nobody acknowledges it",
      meaning: cause == .peerNeverReads ? neverReads : vanished,
      now: UnacknowledgedCloseGuide.now(cause, state: "closing"),
      fix: UnacknowledgedCloseGuide.fix(cause, runtime),
      doesNotHelp: UnacknowledgedCloseGuide.futile(cause))
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
