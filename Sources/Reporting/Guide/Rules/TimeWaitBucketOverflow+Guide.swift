// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// `time-wait-bucket-overflow`: `tcp_max_tw_buckets` reached, the kernel skips TIME_WAIT.
extension TimeWaitBucketOverflow: RuleGuide {
  package static let summary = "the kernel skips TIME_WAIT: its table is full"
  package static let messageIDs = MessageIDs(
    firing: "7204d749dd164a89996c2f531e4cec50", worsened: "42a518dea912440d99e5fe69e973a77d",
    resolved: "d2815b1488844c3eb8acee544071030d")
  package static let sysctls = ["net.ipv4.tcp_max_tw_buckets"]

  package static func text(_ subject: GuideSubject) -> GuideText {
    GuideText(
      title: "More TIME_WAIT than the kernel may keep",
      meaning: """
        net.ipv4.tcp_max_tw_buckets is reached, so the kernel ends further connections without \
        TIME_WAIT. The count looks calm while TCPTimeWaitOverflow rises. Late segments of an old \
        connection can then reach a new one.
        """,
      look: [
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
        "Keep connections alive: keep-alive on the server, so that not every request closes one.",
        "Servers: let the client close first where the protocol allows it.",
      ] + subject.fix(.connecting, author: ConnectionFix.reuse(subject.runtime)),
      doesNotHelp: [
        FutileAdvice.lowerBuckets, FutileAdvice.finTimeoutTimeWait,
        FutileAdvice.timeWaitReuseServer, FutileAdvice.timeWaitRecycle,
        FutileAdvice.lingerZeroTimeWait, FutileAdvice.moreDescriptorsUnheld,
      ])
  }
}
