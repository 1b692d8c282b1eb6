// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// `accept-queue-stall`: the kernel queues connections that the program does not accept in time.
extension AcceptQueueStall: RuleGuide {
  package static let summary = "connections die in the queue of a listener"
  package static let messageIDs = MessageIDs(
    firing: "5b15d362fcab46aa815ce71fd97e0e46", worsened: "1c6e5774c76b4360a572fe79d531b7fb",
    resolved: "07a5a810fa9d41069bedc08c2043e18d")
  package static let sysctls = ["net.core.somaxconn", "net.ipv4.tcp_max_syn_backlog"]

  package static func text(_ subject: GuideSubject) -> GuideText {
    GuideText(
      title: title(subject),
      meaning: """
        The kernel has finished these handshakes and queues them for the listener, which \
        \(calls(subject)). Clients that gave up stay in the queue as CLOSE_WAIT without a \
        process. When the queue is full, new clients hang in connect().
        """,
      look: [
        "Look at the queue: Recv-Q is what waits, Send-Q is the limit.\n"
          + "{netns}ss -ltnp '( sport = :{port} )'",
        "Count what is turned away (all listeners together; run it twice):\n"
          + "{netns}nstat -asz TcpExtListenOverflows TcpExtListenDrops",
        "accept() fails when the process is out of descriptors. Rule that out:\n"
          + "grep 'open files' /proc/{pid}/limits\nls /proc/{pid}/fd | wc -l",
      ] + subject.look(.fullQueue),
      rescue: subject.rescue(.fullQueue, room: false),
      fix: subject.fix(.fullQueue, author: WorkFix.accepting(subject.runtime)),
      doesNotHelp: [
        FutileAdvice.synBacklogAccept, FutileAdvice.longerAcceptQueue,
        FutileAdvice.destroyUnaccepted,
        Futile(
          "Lowering net.ipv4.tcp_fin_timeout, or TCP keepalive",
          why: "Neither acts on a connection that waits for accept() in CLOSE_WAIT."),
      ])
  }

  private static func title(_ subject: GuideSubject) -> String {
    switch subject.queueMoves {
    case true?: "The program accepts its connections too slowly"
    case false?: "The program does not accept its connections"
    case nil: "The program does not accept its connections in time"
    }
  }

  private static func calls(_ subject: GuideSubject) -> String {
    switch subject.queueMoves {
    case true?:
      "calls accept() more slowly than they arrive: each one waits for all those ahead of it"
    case false?: "does not call accept()"
    case nil: "does not call accept(), or not often enough"
    }
  }
}
