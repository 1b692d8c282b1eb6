// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// `syn-sent-pileup`: outgoing handshakes that nobody answers.
extension SynSentPileup: RuleGuide {
  package static let summary = "connects that nobody answers"
  package static let messageIDs = MessageIDs(
    firing: "795b93aaf72349b0b23816b71579d0bf", worsened: "2b61597f22c54893bf912527d0390ad6",
    resolved: "0dea16840496482682c93a94c4666f18")
  package static let sysctls = ["net.ipv4.tcp_syn_retries"]

  package static func text(_ subject: GuideSubject) -> GuideText {
    GuideText(
      title: "Connection attempts that nobody answers",
      meaning: """
        The SYNs get neither a SYN-ACK nor a reset: something drops them, or the host is down. \
        By default each attempt lasts about two minutes (six retransmissions) and holds a \
        descriptor and a local port. The program sets no shorter limit.
        """,
      look: [
        "List the attempts and where they go:\n{netns}ss -tnpo state syn-sent"
      ] + GuideStep.path + [
        "See whether a firewall here drops them, or its state table is full:\n"
          + "{netns}nft list ruleset\n"
          + "{netns}sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max",
        GuideStep.descriptorRoom,
      ],
      rescue: [
        "Take the dead target out of the program's configuration or its name service.",
        "Give up after about 7 s (all new connections of this namespace; the default is 6):\n"
          + "{netns}sysctl -w net.ipv4.tcp_syn_retries=2",
      ] + subject.rescue(.connecting),
      fix: subject.fix(.connecting, author: ConnectionFix.connecting(subject.runtime)) + [
        "Firewalls toward your own hosts: reject rather than drop, so that connect() fails at "
          + "once."
      ],
      doesNotHelp: [
        FutileAdvice.keepaliveHandshake, FutileAdvice.finTimeoutHandshake,
        FutileAdvice.moreDescriptors,
        Futile(
          "Retrying faster or in parallel",
          why: "Each attempt holds a descriptor and a port until its own limit."),
      ])
  }
}
