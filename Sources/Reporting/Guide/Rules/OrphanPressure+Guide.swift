// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// `orphan-pressure`: orphans or TCP memory near their limits.
extension OrphanPressure: RuleGuide {
  package static let summary = "closed connections or TCP memory near their limit"
  package static let messageIDs = MessageIDs(
    firing: "a93cfd93544841298b8595fcda29c29d", worsened: "4ea726751b2e421a808940de8bde1ae4",
    resolved: "53267e47d1d24d16b09be88d962f072d",
    others: [
      .memoryLimit: "570e28fd935c4989a1a059fc5eb0228a"
    ])
  package static let sysctls = [
    "net.ipv4.tcp_max_orphans", "net.ipv4.tcp_orphan_retries", "net.ipv4.tcp_mem",
  ]

  package static func text(_ subject: GuideSubject) -> GuideText {
    subject.cause == .memoryLimit ? memory(subject) : orphans(subject)
  }

  private static func orphans(_ subject: GuideSubject) -> GuideText {
    GuideText(
      title: "Too many closed connections still in the kernel",
      meaning: """
        Programs have closed these connections, and the kernel still has to deliver their data \
        or FIN: orphans. Their number is near net.ipv4.tcp_max_orphans, a limit of the whole \
        host. Above it the kernel resets them and their data is lost.
        """,
      look: [
        "See their number (orphan) and the limit:\n"
          + "cat /proc/net/sockstat\nsysctl net.ipv4.tcp_max_orphans",
        "Find whose they are: local address and port, by state.\n"
          + "{netns}ss -Htn state fin-wait-1 state last-ack state closing | awk '{print $4}' |\n"
          + "sort | uniq -c | sort -rn | head",
        "Double the limit; each can cost up to 64 kB of memory that is never swapped:\n"
          + "sysctl -w net.ipv4.tcp_max_orphans=$((2 * $(sysctl -n net.ipv4.tcp_max_orphans)))",
        "Peers that are gone: give up sooner (0, the default, stands for 8):\n"
          + "{netns}sysctl -w net.ipv4.tcp_orphan_retries=3",
      ],
      fix: [
        "Find the peers that do not acknowledge or do not read: see fin-wait-1-pileup."
      ] + subject.fix(.slowClients, author: WorkFix.writing(subject.runtime)),
      doesNotHelp: [
        Futile(
          "Lowering net.ipv4.tcp_fin_timeout",
          why: """
            It bounds FIN_WAIT2 without a process, which the kernel keeps in small entries, not \
            as full sockets with data.
            """),
        FutileAdvice.restartUnheld, FutileAdvice.moreDescriptorsUnheld,
      ])
  }

  private static func memory(_ subject: GuideSubject) -> GuideText {
    GuideText(
      title: "TCP runs out of memory",
      meaning: """
        The buffers of all TCP sockets together are near the limit net.ipv4.tcp_mem, counted in \
        pages for the whole host. Above it the kernel drops input, shrinks windows and resets \
        orphans. Unread or unsent data fills the buffers.
        """,
      look: [
        "See what is used (mem, in pages) and the three marks: low, pressure, high.\n"
          + "cat /proc/net/sockstat\nsysctl net.ipv4.tcp_mem",
        "Find the fullest queues: unread input first, then unsent output.\n"
          + "{netns}ss -Htnp state connected | sort -rnk2 | head\n"
          + "{netns}ss -Htnp state connected | sort -rnk3 | head",
        "See whether connections have been aborted for it; run it twice:\n"
          + "{netns}nstat -asz TcpExtTCPAbortOnMemory TcpExtTCPMemoryPressures",
        "Double the marks, if the host has the memory:\n"
          + "marks=$(awk '{print 2*$1, 2*$2, 2*$3}' /proc/sys/net/ipv4/tcp_mem)\n"
          + "sysctl -w net.ipv4.tcp_mem=\"$marks\"",
      ],
      fix: subject.fix(
        .goneClients, server: ServerFix.unreadInput(subject.runtime),
        client: ClientFix.unreadInput(subject.runtime))
        + subject.fix(.slowClients, author: WorkFix.writing(subject.runtime)),
      doesNotHelp: [
        Futile(
          "Raising net.ipv4.tcp_rmem and tcp_wmem",
          why: "They bound one socket. More for each makes the sum reach tcp_mem sooner."),
        Futile(
          "Raising the limit of open files",
          why: "Memory is what is short. More sockets need more of it."),
      ])
  }
}
