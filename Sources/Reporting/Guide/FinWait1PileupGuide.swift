// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// `fin-wait-1-pileup`: closed by us first, and the FIN is not acknowledged.
enum FinWait1PileupGuide {
  /// The guide, with its placeholders. The runtime decides how stacks are seen and the lasting fix.
  static func text(_ cause: Cause, _ runtime: ProcessRuntime) -> GuideText {
    GuideText(
      title: cause == .peerNeverReads
        ? "Closed, with data that the peer does not read"
        : "Closed first, and nobody acknowledges it",
      meaning: cause == .peerNeverReads ? neverReads : vanished,
      now: UnacknowledgedCloseGuide.now(cause, state: "fin-wait-1"),
      fix: UnacknowledgedCloseGuide.fix(cause, runtime),
      doesNotHelp: UnacknowledgedCloseGuide.futile(cause))
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
