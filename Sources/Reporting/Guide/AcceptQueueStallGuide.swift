// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// `accept-queue-stall`: the kernel queues connections that the program does not accept.
enum AcceptQueueStallGuide {
  static func text(_ runtime: ProcessRuntime) -> GuideText {
    GuideText(
      title: "The program does not accept its connections",
      meaning: """
        The kernel has finished these handshakes and queues them for the listener, which does not \
        call accept(). Clients that gave up stay in the queue as CLOSE_WAIT without a process. \
        When the queue is full, new clients hang in connect().
        """,
      now: [
        "Look at the queue: Recv-Q is what waits, Send-Q is the limit.\n"
          + "{netns}ss -ltnp '( sport = :{port} )'"
      ],
      fix: ["Accept in a loop of its own. Hand the work to others, with a limit on time."],
      doesNotHelp: [
        Futile(
          "Raising net.ipv4.tcp_max_syn_backlog",
          why: """
            It bounds handshakes that are not finished. These are finished: their queue holds \
            min(listen() backlog, net.core.somaxconn).
            """)
      ])
  }
}
