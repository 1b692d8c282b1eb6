// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// `time-wait-bucket-overflow`: `tcp_max_tw_buckets` reached, the kernel skips TIME_WAIT.
enum TimeWaitBucketOverflowGuide {
  /// The guide, with its placeholders. The runtime decides how stacks are seen and the lasting fix.
  static func text(_ runtime: ProcessRuntime) -> GuideText {
    GuideText(
      title: "More TIME_WAIT than the kernel may keep",
      meaning: """
        net.ipv4.tcp_max_tw_buckets is reached, so the kernel ends further connections without \
        TIME_WAIT. The count looks calm while TCPTimeWaitOverflow rises. Late segments of an old \
        connection can then reach a new one.
        """,
      now: [
        "See the limit, the count (tw) and the counter; run it twice:\n"
          + "{netns}sysctl net.ipv4.tcp_max_tw_buckets\n{netns}cat /proc/net/sockstat\n"
          + "{netns}nstat -asz TcpExtTCPTimeWaitOverflow",
        "Find whose they are, by local port (a service's own, or many: outgoing):\n"
          + "{netns}ss -Htn state time-wait | awk '{print $3}' | sed 's/.*://' |\n"
          + "sort | uniq -c | sort -rn | head",
        "Raise the limit in this namespace, if memory allows:\n"
          + "{netns}sysctl -w net.ipv4.tcp_max_tw_buckets=524288",
      ],
      fix: [
        "Let connections live: keep-alive on the server, so that not every request closes one.",
        "Servers: let the client close first where the protocol allows it.",
      ] + ConnectionFix.reuse(runtime),
      doesNotHelp: [
        FutileAdvice.lowerBuckets, FutileAdvice.finTimeoutTimeWait,
        FutileAdvice.timeWaitReuseServer, FutileAdvice.timeWaitRecycle,
        FutileAdvice.lingerZeroTimeWait, FutileAdvice.moreDescriptorsUnheld,
      ])
  }
}
