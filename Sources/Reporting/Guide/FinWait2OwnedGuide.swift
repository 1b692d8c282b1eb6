// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// `fin-wait-2-owned`: our side half-closed and waits for a peer that never closes.
enum FinWait2OwnedGuide {
  /// The guide, with its placeholders. The runtime decides how stacks are seen and the lasting fix.
  static func text(_ runtime: ProcessRuntime) -> GuideText {
    GuideText(
      title: "Half-closed, and the peer never closes",
      meaning: """
        The program has ended its sending side and keeps the descriptor, waiting for the peer's \
        FIN. The peer has acknowledged and does not close. As long as a descriptor is open, \
        FIN_WAIT2 has no timer.
        """,
      now: GuideStep.list("fin-wait-2") + [
        "The peer is on this host. It has to close; see who it is:\n"
          + "ps -o pid,ppid,lstart,args -p {peer}",
        GuideStep.descriptorRoom, GuideStep.buyTime,
      ] + GuideStep.abort("fin-wait-2", runtime) + GuideStep.restart,
      fix: ConnectionFix.halfClosing(runtime) + [
        "If you need no answer after your last word, call close(): the kernel then sets the limit."
      ],
      doesNotHelp: [
        FutileAdvice.finTimeoutOwned, FutileAdvice.keepaliveHalfClosed,
        FutileAdvice.moreDescriptors,
      ])
  }
}
