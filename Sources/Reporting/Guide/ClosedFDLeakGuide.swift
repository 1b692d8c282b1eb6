// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// `closed-fd-leak`: descriptors kept on sockets that are already dead.
enum ClosedFDLeakGuide {
  /// The guide, with its placeholders. The runtime decides how stacks are seen and the lasting fix.
  static func text(_ cause: Cause, _ runtime: ProcessRuntime) -> GuideText {
    GuideText(
      title: title(cause),
      meaning: meaning(cause),
      now: [
        "List them: lsof says \"protocol: TCP\" where a dead socket is. ss can't show them.\n"
          + "{netns}lsof -nP -p {pid} | grep 'protocol: TCP'",
        GuideStep.one, GuideStep.descriptorRoom, GuideStep.buyTime,
      ] + StackDump.steps(runtime) + GuideStep.restart,
      fix: ConnectionFix.dying(runtime) + extra(cause),
      doesNotHelp: [
        FutileAdvice.destroyGhost, FutileAdvice.keepaliveGhost, FutileAdvice.restartPeerOnly,
        FutileAdvice.moreDescriptors,
        Futile(
          "Watching ss or netstat until it looks right",
          why: "Dead sockets have no row in either. Count descriptors, not connections."),
      ])
  }

  private static func title(_ cause: Cause) -> String {
    switch cause {
    case .writeErrorIgnored: "A write failed, and the descriptor was kept"
    case .resetUnnoticed: "Reset by the peer, and the descriptor was kept"
    case .keepaliveExpired: "Ended by keepalive, and the descriptor was kept"
    default: "Descriptors kept on dead connections"
    }
  }

  private static func meaning(_ cause: Cause) -> String {
    switch cause {
    case .writeErrorIgnored:
      """
      The peers had closed, and a write of the program was answered by a reset. The kernel has \
      dropped these connections, the program keeps their descriptors. It probably ignores the \
      error of write().
      """
    case .resetUnnoticed:
      """
      The peers have reset these connections. The kernel has dropped them, the program keeps \
      their descriptors: nobody reads or polls them, or the error was ignored.
      """
    case .keepaliveExpired:
      """
      Keepalive found these peers gone, and the kernel has dropped the connections. The program \
      keeps the descriptors: no code looks at these sockets any more. Without keepalive they \
      would be in CLOSE_WAIT.
      """
    default:
      """
      These connections are dead and in no table of the kernel, and the program keeps their \
      descriptors. How they died was not seen: a reset, keepalive or ss -K. ss and netstat show \
      nothing of it.
      """
    }
  }

  private static func extra(_ cause: Cause) -> [String] {
    switch cause {
    case .writeErrorIgnored:
      ["Treat the end of the stream first: a program that closes at EOF never makes that write."]
    case .resetUnnoticed:
      ["Keep idle connections in the event loop: a reset shows as EPOLLERR and EPOLLHUP."]
    case .keepaliveExpired:
      ["Sweep idle connections: after keepalive a read returns an error or 0. Close on either."]
    default: []
    }
  }
}
