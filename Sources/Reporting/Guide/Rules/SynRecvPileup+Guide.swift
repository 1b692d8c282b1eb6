// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// `syn-recv-pileup`: handshakes of clients that are never completed.
extension SynRecvPileup: RuleGuide {
  package static let summary = "handshakes that peers begin and do not finish"
  package static let messageIDs = MessageIDs(
    firing: "a6cadc4d554e4fbf89c163799032c924", worsened: "dc7d32338a20474cb82cf9aefa07748e",
    resolved: "b9d9fcc6d708422da142686c5b614dfd")
  package static let sysctls = [
    "net.ipv4.tcp_synack_retries", "net.ipv4.tcp_max_syn_backlog", "net.ipv4.tcp_syncookies",
  ]

  package static func text(_ subject: GuideSubject) -> GuideText {
    GuideText(
      title: "Clients' handshakes are never completed",
      meaning: """
        SYNs arrive, and the ACK that would complete the handshake does not. Either our SYN-ACK \
        is lost on its way back, or the senders' addresses are forged: a SYN flood. By default \
        the kernel drops an entry after five retransmissions, about a minute.
        """,
      look: [
        "Count them by client: a few real networks (lost SYN-ACK), or many others (a flood)?\n"
          + "{netns}ss -Htn state syn-recv '( sport = :{port} )' | awk '{print $4}' |\n"
          + "sed 's/:[0-9]*$//' | sort | uniq -c | sort -rn | head",
        "See the way back to such a client: right route, right interface, no firewall?\n"
          + "{netns}ip route get {remote-address}",
        "Watch SYN and SYN-ACK on the wire (apt install tcpdump):\n"
          + "{netns}tcpdump -c 40 -nni any 'port {port} and tcp[tcpflags] & tcp-syn != 0'",
        "Flood: see that SYN cookies are on (1) and at work:\n"
          + "{netns}sysctl net.ipv4.tcp_syncookies\n"
          + "{netns}nstat -asz TcpExtSyncookiesSent TcpExtTCPReqQFullDrop",
        "Flood: drop entries after about 7 s. Clients on poor links suffer; set it back to 5 "
          + "afterwards:\n"
          + "{netns}sysctl -w net.ipv4.tcp_synack_retries=2",
      ],
      fix: [
        "Asymmetric routes: route replies out of the interface that the SYN came in on (ip rule).",
        "Load balancers with direct return: the service address must be on this host.",
        "Floods: filter before the host. Leave net.ipv4.tcp_syncookies at 1.",
      ],
      doesNotHelp: [
        Futile(
          "Restarting the service",
          why: "The kernel makes these entries, one per SYN. The next SYN makes the next."),
        FutileAdvice.keepaliveHandshake, FutileAdvice.finTimeoutHandshake,
        FutileAdvice.moreDescriptorsUnheld,
        Futile(
          "Accepting faster",
          why: "accept() sees a connection only when its handshake is complete."),
      ])
  }
}
