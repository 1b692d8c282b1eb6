// SPDX-License-Identifier: Apache-2.0

/// One question asked of the census. A rule is a function of its arguments: no clock, no memory.
package protocol Rule: SendableMetatype {
  static var id: RuleID { get }

  /// What the rule says now: findings that fire, and those that are pending with their doubts.
  static func findings(in inquiry: Inquiry) -> [Finding]
}

/// Every rule, in the order in which they are asked.
package enum RuleCatalog {
  package static let rules: [any Rule.Type] = [
    CloseWaitLeak.self, CloseWaitStuck.self, AcceptQueueStall.self, ClosedFdLeak.self,
    FinWait2Owned.self, FinWait1Pileup.self, LastAckPileup.self, ClosingPileup.self,
    TimeWaitPortExhaustion.self, TimeWaitBucketOverflow.self, SynRecvPileup.self,
    SynSentPileup.self, EstablishedIdleGrowth.self, DescriptorExhaustion.self,
    OrphanPressure.self,
  ]

  /// Asks every rule.
  package static func findings(in inquiry: Inquiry) -> [Finding] {
    rules.filter { !inquiry.settings.disabledRules.contains($0.id) }
      .flatMap { $0.findings(in: inquiry) }
  }
}
