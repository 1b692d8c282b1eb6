// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// `accept-queue-stall`: the kernel queues connections that the program does not accept.
enum AcceptQueueStallGuide {
  /// The guide, with its placeholders. The runtime decides how stacks are seen and the lasting fix.
  static func text(_ runtime: ProcessRuntime) -> GuideText {
    GuideText(
      title: "The program does not accept its connections",
      meaning: """
        The kernel has finished these handshakes and queues them for the listener, which does \
        not call accept(). Clients that gave up stay in the queue as CLOSE_WAIT without a \
        process. When the queue is full, new clients hang in connect().
        """,
      now: [
        "Look at the queue: Recv-Q is what waits, Send-Q is the limit.\n"
          + "{netns}ss -ltnp '( sport = :{port} )'",
        "Count what is turned away (all listeners together; run it twice):\n"
          + "{netns}nstat -asz TcpExtListenOverflows TcpExtListenDrops",
        "accept() fails when the process is out of descriptors. Rule that out:\n"
          + "grep 'open files' /proc/{pid}/limits\nls /proc/{pid}/fd | wc -l",
      ] + StackDump.steps(runtime) + [
        "Take this host out of the load balancer: new clients only join the queue."
      ] + GuideStep.restart,
      fix: WorkFix.accepting(runtime),
      doesNotHelp: [
        FutileAdvice.synBacklogAccept, FutileAdvice.longerAcceptQueue,
        FutileAdvice.destroyUnaccepted,
        Futile(
          "Lowering net.ipv4.tcp_fin_timeout, or TCP keepalive",
          why: "Neither acts on a connection that waits for accept() in CLOSE_WAIT."),
      ])
  }
}
