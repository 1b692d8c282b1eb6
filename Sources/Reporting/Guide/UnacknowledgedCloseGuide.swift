// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// What `fin-wait-1-pileup`, `last-ack-pileup` and `closing-pileup` have in common: the program
/// has closed, and the close is not acknowledged.
enum UnacknowledgedCloseGuide {
  static let sysctls = [
    "net.ipv4.tcp_orphan_retries", "net.ipv4.tcp_max_orphans", "net.ipv4.tcp_fin_timeout",
  ]

  /// What to look at and to set.
  ///
  /// - Parameter state: The state's name as ss takes it: `fin-wait-1`, `last-ack` or `closing`.
  static func look(_ cause: Cause, state: String) -> [String] {
    let list = [
      "List them: timer \(timer(cause)), Send-Q what is unacknowledged.\n"
        + "{netns}ss -tno state \(state) '( sport = :{port} )'",
      "List those to the same remote port:\n"
        + "{netns}ss -tno state \(state) '( dport = :{remote-port} )'",
      "Count them by peer: one place or many?\n"
        + "{netns}ss -Htn state \(state) | awk '{print $4}' | sed 's/:[0-9]*$//' |\n"
        + "sort | uniq -c | sort -rn",
    ]
    guard cause == .peerNeverReads else {
      return list + GuideStep.path + [
        "Packets that arrive and are lost here: look at the firewall's drops and the state table.\n"
          + "{netns}nft list ruleset\n"
          + "{netns}sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max",
        "Many thousands? Give up sooner on closed connections (0, the default, stands for 8):\n"
          + "{netns}sysctl -w net.ipv4.tcp_orphan_retries=3",
      ]
    }
    return list + [
      "See what it costs: orphan is their number, mem is pages of all TCP.\ncat /proc/net/sockstat",
      "Limit new ones in the program: close slow readers earlier, limit connections per client.",
    ]
  }

  /// The lasting fix: the path, or the time limits of the program.
  static func fix(_ subject: GuideSubject) -> [String] {
    if subject.cause == .peerNeverReads {
      return subject.fix(.slowClients, author: WorkFix.writing(subject.runtime))
    }
    return [
      "Firewalls and NAT on the way must keep the flow until both FINs are acknowledged.",
      "Their idle timeout must be longer than the connection's silence, or use keepalive below it.",
      "TCP_USER_TIMEOUT on the socket bounds how long the kernel tries, afterwards too.",
    ]
  }

  /// What does not help against either cause, then what does not against this one.
  static func futile(_ cause: Cause) -> [Futile] {
    [
      FutileAdvice.finTimeoutUnacknowledged, FutileAdvice.restartUnheld,
      FutileAdvice.moreDescriptorsUnheld,
    ]
      + (cause == .peerNeverReads
        ? [
          Futile(
            "Raising net.ipv4.tcp_wmem or SO_SNDBUF",
            why: "A peer that does not read leaves any buffer full. It costs more memory each.")
        ]
        : [
          Futile(
            "Turning on or shortening TCP keepalive",
            why: "A FIN that waits for its ACK has its own timer. Keepalive has no part in it.")
        ])
  }

  private static func timer(_ cause: Cause) -> String {
    cause == .peerNeverReads ? "\"persist\" is a closed window" : "\"on\" is a retransmission"
  }
}
