// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
package import KernelTables

/// The guide of every rule: what a finding means, what to do, and what does not help. Written once
/// here, used wherever words are needed.
package enum RuleGuide {
  /// The causes that a rule can give, the commonest first. Never empty.
  package static func causes(of rule: RuleID) -> [Cause] {
    switch rule {
    case .closeWaitLeak, .closeWaitStuck:
      [
        .eofReadNotClosed, .eofUnread, .dataUnread, .peerWaitsForAnswer, .inheritedByChild,
        .stuckWriter,
      ]
    case .acceptQueueStall: [.notAccepted]
    case .closedFdLeak:
      [.connectionDead, .writeErrorIgnored, .resetUnnoticed, .keepaliveExpired]
    case .finWait2Owned: [.peerNeverCloses]
    case .finWait1Pileup, .lastAckPileup, .closingPileup: [.peerVanished, .peerNeverReads]
    case .timeWaitPortExhaustion: [.clientPortExhaustion]
    case .timeWaitBucketOverflow: [.maxTimeWaitBuckets]
    case .synRecvPileup: [.handshakeNeverCompleted]
    case .synSentPileup: [.connectBlackhole]
    case .establishedIdleGrowth: [.idleNeverClosed]
    case .descriptorExhaustion: [.descriptorLimit]
    case .orphanPressure: [.orphanLimit, .memoryLimit]
    }
  }

  /// The text for one rule, cause and runtime, with its placeholders.
  ///
  /// - Parameter runtime: Of the program that has to change: for `inherited-by-child` that is the
  ///   one that opened the sockets, not the child that holds them.
  ///
  /// A cause that is not in ``causes(of:)`` gets the text of the rule's first cause: the reporter
  /// must not fall silent because a rule has learnt to tell more apart.
  package static func guide(
    for rule: RuleID, cause: Cause, runtime: ProcessRuntime
  ) -> GuideText {
    let known = causes(of: rule)
    let cause = known.contains(cause) ? cause : known[0]
    return switch rule {
    case .closeWaitLeak: CloseWaitLeakGuide.text(cause, runtime)
    case .closeWaitStuck: CloseWaitStuckGuide.text(cause, runtime)
    case .acceptQueueStall: AcceptQueueStallGuide.text(runtime)
    case .closedFdLeak: ClosedFDLeakGuide.text(cause, runtime)
    case .finWait2Owned: FinWait2OwnedGuide.text(runtime)
    case .finWait1Pileup: FinWait1PileupGuide.text(cause, runtime)
    case .lastAckPileup: LastAckPileupGuide.text(cause, runtime)
    case .closingPileup: ClosingPileupGuide.text(cause, runtime)
    case .timeWaitPortExhaustion: TimeWaitPortExhaustionGuide.text(runtime)
    case .timeWaitBucketOverflow: TimeWaitBucketOverflowGuide.text(runtime)
    case .synRecvPileup: SynRecvPileupGuide.text(runtime)
    case .synSentPileup: SynSentPileupGuide.text(runtime)
    case .establishedIdleGrowth: EstablishedIdleGrowthGuide.text(runtime)
    case .descriptorExhaustion: DescriptorExhaustionGuide.text(runtime)
    case .orphanPressure: OrphanPressureGuide.text(cause, runtime)
    }
  }
}
