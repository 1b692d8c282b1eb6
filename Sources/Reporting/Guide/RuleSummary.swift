// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
package import KernelTables

/// What a rule is about, before any of its causes: for lists, and for the head of its page.
package enum RuleSummary {
  /// One line of at most 50 characters, without a full stop.
  package static func line(_ rule: RuleID) -> String {
    switch rule {
    case .closeWaitLeak: "CLOSE_WAIT grows: a process does not close"
    case .closeWaitStuck: "a block of CLOSE_WAIT is old and does not drain"
    case .acceptQueueStall: "connections die in the queue of a listener"
    case .closedFdLeak: "descriptors kept on connections that are dead"
    case .finWait2Owned: "half-closed here, and the peer never closes"
    case .finWait1Pileup: "our FIN gets no ACK; this side closed first"
    case .lastAckPileup: "our FIN gets no ACK; the peer closed first"
    case .closingPileup: "both sides closed at once, and no ACK comes"
    case .timeWaitPortExhaustion: "the local ports towards one destination run out"
    case .timeWaitBucketOverflow: "the kernel skips TIME_WAIT: its table is full"
    case .synRecvPileup: "handshakes that peers begin and do not finish"
    case .synSentPileup: "connects that nobody answers"
    case .establishedIdleGrowth: "unused connections that nobody closes grow"
    case .descriptorExhaustion: "a process reaches its limit of open files"
    case .orphanPressure: "closed connections or TCP memory near their limit"
    }
  }

  /// The states whose sockets it counts; `close` stands for descriptors in no table.
  package static func states(_ rule: RuleID) -> [TCPState] {
    switch rule {
    case .closeWaitLeak, .closeWaitStuck: [.closeWait]
    case .acceptQueueStall: [.established, .closeWait, .listen]
    case .closedFdLeak: [.close]
    case .finWait2Owned: [.finWait2]
    case .finWait1Pileup: [.finWait1]
    case .lastAckPileup: [.lastAck]
    case .closingPileup: [.closing]
    case .timeWaitPortExhaustion, .timeWaitBucketOverflow: [.timeWait]
    case .synRecvPileup: [.synRecv]
    case .synSentPileup: [.synSent]
    case .establishedIdleGrowth: [.established]
    case .descriptorExhaustion: []
    case .orphanPressure: [.finWait1, .lastAck, .closing]
    }
  }

  /// The rules that count sockets of `state`, in the order of ``Diagnosis/RuleID``.
  package static func rules(about state: TCPState) -> [RuleID] {
    RuleID.allCases.filter { states($0).contains(state) }
  }

  /// The settings of the kernel that belong to it, by the names of ``SysctlGuide``.
  package static func sysctls(_ rule: RuleID) -> [String] {
    switch rule {
    case .closeWaitLeak, .closeWaitStuck, .closedFdLeak:
      ["net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_time"]
    case .acceptQueueStall: ["net.core.somaxconn", "net.ipv4.tcp_max_syn_backlog"]
    case .finWait2Owned: ["net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_time"]
    case .finWait1Pileup, .lastAckPileup, .closingPileup:
      ["net.ipv4.tcp_orphan_retries", "net.ipv4.tcp_max_orphans", "net.ipv4.tcp_fin_timeout"]
    case .timeWaitPortExhaustion:
      ["net.ipv4.ip_local_port_range", "net.ipv4.tcp_tw_reuse", "net.ipv4.tcp_fin_timeout"]
    case .timeWaitBucketOverflow: ["net.ipv4.tcp_max_tw_buckets"]
    case .synRecvPileup:
      [
        "net.ipv4.tcp_synack_retries", "net.ipv4.tcp_max_syn_backlog", "net.ipv4.tcp_syncookies",
      ]
    case .synSentPileup: ["net.ipv4.tcp_syn_retries"]
    case .establishedIdleGrowth: ["net.ipv4.tcp_keepalive_time"]
    case .descriptorExhaustion: []
    case .orphanPressure:
      ["net.ipv4.tcp_max_orphans", "net.ipv4.tcp_orphan_retries", "net.ipv4.tcp_mem"]
    }
  }
}
