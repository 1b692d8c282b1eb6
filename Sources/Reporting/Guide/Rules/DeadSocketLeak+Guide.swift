// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// `dead-socket-leak`: descriptors kept on sockets that are already dead.
extension DeadSocketLeak: RuleGuide {
  package static let summary = "descriptors kept on connections that are dead"
  package static let otherNames = [
    "ghost", "ghosts", "ghost-socket", "dead", "dead-socket", "dead-sockets",
  ]
  package static let messageIDs = MessageIDs(
    firing: "3e5804fa3d6c4ca8b432cfe3b4ddd538", worsened: "375b9c0d927b4791b3e87b949ebce853",
    resolved: "d03e47667dbe4635863c530a93592673",
    others: [
      .writeErrorIgnored: "c1226abcf91341469e31d45722c36bb0",
      .resetUnnoticed: "a3877396cfe14e20aa9d2f80f3d72d72",
    ])
  package static let sysctls = ["net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_time"]

  package static func text(_ subject: GuideSubject) -> GuideText {
    let trouble = subject.trouble(inbound: .goneClients)
    return GuideText(
      title: title(subject.cause),
      meaning: meaning(subject.cause),
      look: [
        GuideStep.trace,
        GuideStep.listDead,
        GuideStep.one, GuideStep.descriptorRoom,
      ] + subject.look(trouble),
      rescue: subject.rescue(trouble),
      fix: subject.fix(
        trouble, author: ConnectionFix.dying(subject.runtime) + extra(subject.cause)),
      doesNotHelp: [
        FutileAdvice.destroyDeadSocket, FutileAdvice.keepaliveDeadSocket,
        FutileAdvice.restartPeerOnly,
        FutileAdvice.moreDescriptors,
        Futile(
          "Watching ss or netstat until it looks right",
          why: "Dead sockets have no row in either. Count descriptors, not connections."),
      ])
  }

  private static func title(_ cause: Cause) -> String {
    switch cause {
    case .writeErrorIgnored: "Died in CLOSE_WAIT, and the descriptor was kept"
    case .resetUnnoticed: "Reset or timed out, and the descriptor was kept"
    default: "Descriptors kept on dead connections"
    }
  }

  private static func meaning(_ cause: Cause) -> String {
    switch cause {
    case .writeErrorIgnored:
      """
      The peers had closed, then the kernel dropped these connections, and the program keeps their \
      descriptors. Usually a write was answered by a reset, and its error was ignored; ss -K and \
      closewatch release leave the same behind.
      """
    case .resetUnnoticed:
      """
      These connections ended without a close: usually the peers have reset them (a timeout and ss \
      -K leave the same). The kernel has dropped them, the program keeps their descriptors: nobody \
      reads or polls them, or the error was ignored.
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
    default: []
    }
  }
}
