// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Every rule, in the order in which they are asked.
package enum RuleCatalog {
  /// A rule is listed here and nowhere else: `Reporting` does not compile without its guide.
  package static let list = RuleList<
    CloseWaitLeak, CloseWaitStuck, AcceptQueueStall, DeadSocketLeak, FinWait2Owned, FinWait1Pileup,
    LastAckPileup, ClosingPileup, TimeWaitPortExhaustion, EphemeralPortExhaustion,
    TimeWaitBucketOverflow, SynRecvPileup, SynSentPileup, EstablishedIdleGrowth,
    DescriptorExhaustion, OrphanPressure
  >()

  package static let rules: [any Rule.Type] = list.rules

  /// Asks every rule.
  package static func findings(in inquiry: Inquiry) -> [Finding] {
    rules.filter { !inquiry.settings.disabledRules.contains($0.id) }
      .flatMap { $0.findings(in: inquiry) }
  }

  /// The rules that count sockets of `state`.
  package static func rules(about state: TCPState) -> [RuleID] {
    rules.filter { $0.states.contains(state) }.map { $0.id }
  }
}

/// Rules as types, so that the compiler can ask more of each of them than Diagnosis does.
package struct RuleList<each Member: Rule>: Sendable {
  package init() {}

  package var rules: [any Rule.Type] {
    var found: [any Rule.Type] = []
    repeat found.append((each Member).self)
    return found
  }
}
