// SPDX-License-Identifier: Apache-2.0

/// The name of a rule: the same word in code, journal, metric label, man page and `explain`.
package enum RuleID: String, Hashable, Sendable, CaseIterable {
  case closeWaitLeak = "close-wait-leak"
  case closeWaitStuck = "close-wait-stuck"
  case acceptQueueStall = "accept-queue-stall"
  case closedFdLeak = "closed-fd-leak"
  case finWait2Owned = "fin-wait-2-owned"
  case finWait1Pileup = "fin-wait-1-pileup"
  case lastAckPileup = "last-ack-pileup"
  case closingPileup = "closing-pileup"
  case timeWaitPortExhaustion = "time-wait-port-exhaustion"
  case timeWaitBucketOverflow = "time-wait-bucket-overflow"
  case synRecvPileup = "syn-recv-pileup"
  case synSentPileup = "syn-sent-pileup"
  case establishedIdleGrowth = "established-idle-growth"
  case descriptorExhaustion = "descriptor-exhaustion"
  case orphanPressure = "orphan-pressure"
}

/// Why: the causes that the kernel's evidence can tell apart within a rule.
package enum Cause: String, Hashable, Sendable, CaseIterable {
  // close-wait-leak, close-wait-stuck
  /// Recv-Q 0: the program has consumed the FIN and did not close the descriptor.
  case eofReadNotClosed = "eof-read-not-closed"
  /// Recv-Q 1 (or only a TLS close_notify): nobody reads this socket any more.
  case eofUnread = "eof-unread"
  /// Recv-Q 0, and the other end, which is on this host too, still waits for an answer: it has shut
  /// down its sending only.
  case peerWaitsForAnswer = "peer-waits-for-answer"
  /// Recv-Q above 1: input that the application never took.
  case dataUnread = "data-unread"
  /// Held by a process that did not open it, or still held by a child.
  case inheritedByChild = "inherited-by-child"
  /// Send-Q does not drain: the peer does not read what the application still sends.
  case stuckWriter = "stuck-writer"
  // accept-queue-stall
  case notAccepted = "not-accepted"
  // closed-fd-leak
  case writeErrorIgnored = "write-error-ignored"
  case resetUnnoticed = "reset-unnoticed"
  case keepaliveExpired = "keepalive-expired"
  /// The connection is dead and how it died was not seen.
  case connectionDead = "connection-dead"
  // fin-wait-2-owned
  case peerNeverCloses = "peer-never-closes"
  // fin-wait-1-pileup, last-ack-pileup, closing-pileup
  /// The FIN is retransmitted and never acknowledged.
  case peerVanished = "peer-vanished"
  /// The FIN waits behind data that a zero window holds back.
  case peerNeverReads = "peer-never-reads"
  // time-wait
  case clientPortExhaustion = "time-wait-client-port-exhaustion"
  case maxTimeWaitBuckets = "tcp-max-tw-buckets"
  // handshakes
  case handshakeNeverCompleted = "handshake-never-completed"
  case connectBlackhole = "connect-blackhole"
  // established-idle-growth
  case idleNeverClosed = "idle-never-closed"
  // descriptor-exhaustion, orphan-pressure
  case descriptorLimit = "descriptor-limit"
  case orphanLimit = "orphan-limit"
  case memoryLimit = "memory-limit"
}
