// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// `time-wait-port-exhaustion`: ephemeral ports to one destination run out.
extension TimeWaitPortExhaustion: RuleGuide {
  package static let summary = "the local ports to one destination run out"
  package static let messageIDs = MessageIDs(
    firing: "066c2e50df9b4202beb3990d359f00a5", worsened: "03c5c3037f5c4f2faa319f2de44e9f73",
    resolved: "10ee65084af04eaf9d4edd5e96cf997f")
  package static let sysctls = [
    "net.ipv4.ip_local_port_range", "net.ipv4.tcp_tw_reuse", "net.ipv4.tcp_fin_timeout",
  ]

  package static func text(_ subject: GuideSubject) -> GuideText {
    GuideText(
      title: "Local ports to one destination run out",
      meaning: """
        This side closes first, so it keeps each local port in TIME_WAIT for 60 s. To this one \
        address and port, the ephemeral ports are nearly used up. When none is left, connect() \
        fails with EADDRNOTAVAIL: "Cannot assign requested address".
        """,
      look: [
        GuideStep.countPorts,
        "See who opens them; most live for a moment only, so this polls many times:\n"
          + "for i in $(seq 500); do\n"
          + "{netns}ss -Htnp state syn-sent state established dst {remote}\n"
          + "done | grep -o 'users:.*' | sort | uniq -c | sort -rn | head",
      ],
      rescue: [
        "Reuse ports that are in TIME_WAIT for more than 1 s (needs TCP timestamps, the default):\n"
          + "{netns}sysctl -w net.ipv4.tcp_tw_reuse=1",
        GuideStep.morePorts,
        "Lower the rate: fewer workers or instances, longer intervals of health checks.",
      ],
      fix: subject.fix(.connecting, author: ConnectionFix.reuse(subject.runtime)) + [
        "A second address or port of the destination doubles the ports: the limit is per target."
      ],
      doesNotHelp: [
        FutileAdvice.finTimeoutTimeWait, FutileAdvice.timeWaitReuseDefault,
        Futile(
          "net.ipv4.tcp_tw_reuse = 1 for sockets bound before connect()",
          why: """
            bind(address, 0) takes its port for all destinations, also in TIME_WAIT, and reuse \
            does not apply. Set IP_BIND_ADDRESS_NO_PORT.
            """),
        FutileAdvice.timeWaitRecycle, FutileAdvice.lingerZeroTimeWait, FutileAdvice.lowerBuckets,
        FutileAdvice.moreDescriptorsUnheld,
        Futile(
          "Restarting the program",
          why: "TIME_WAIT belongs to the kernel and outlives the process by up to 60 s."),
      ])
  }
}
