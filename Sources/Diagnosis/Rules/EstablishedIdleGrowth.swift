// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension RuleID {
  package static let establishedIdleGrowth = RuleID("established-idle-growth")
}

extension Cause {
  package static let idleNeverClosed = Cause("idle-never-closed")
}

/// Established connections that nobody uses and nobody closes grow: a pool without a limit, or
/// peers that died without a word while no keepalive runs.
///
/// Idle connections are normal. Only their growth beyond any common pool is looked at, and it
/// asks for action only when it will exhaust the descriptors.
package enum EstablishedIdleGrowth: Rule {
  package static let id = RuleID.establishedIdleGrowth
  package static let causes: [Cause] = [.idleNeverClosed]
  package static let states: [TCPState] = [.established]
  package static let patience = Patience(of: id, usually: .idle)
  package static let thresholds: [Threshold] = [
    .fewestIdle, .drainShare, .descriptorShareWarning, .criticalHorizon, .noticeHorizon,
  ]

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    let census = inquiry.census
    let settings = inquiry.settings
    guard census.sample.states.contains(.established) else { return [] }
    let idleSeconds = patience.seconds(settings)
    let groups = inquiry.groups(of: .established) { _, row in
      row.inode != 0 && row.knowledge.contains(.tcpInfo)
        && Double(min(row.lastDataSentMilliseconds, row.lastDataReceivedMilliseconds)) / 1000
          >= idleSeconds
    }
    return groups.compactMap { group in
      guard group.members.count >= settings.fewestIdle else { return nil }
      return finding(of: group, in: inquiry)
    }
  }

  private static func finding(
    of group: SocketGroup, in inquiry: Inquiry
  ) -> Finding? {
    let idleSeconds = patience.seconds(inquiry.settings)
    // Growth of those that are idle: each comes to them when it has been silent for long enough.
    let trend = inquiry.trend(
      group, patienceSeconds: idleSeconds,
      since: { $0.progressAt.advanced(bySeconds: idleSeconds) })
    guard trend.isGrowing, !trend.isDraining, !trend.isWatchedTooShort else { return nil }
    let draft = FindingDraft(inquiry, rule: id, namespace: group.port.namespace)
    var finding = draft.finding(
      group, cause: .idleNeverClosed, trend: trend, holders: draft.holders(of: group.members))
    finding.evidence.removeAll { if case .survivors = $0 { true } else { false } }
    finding.evidence.insert(
      .survivors(count: group.members.count, patienceSeconds: idleSeconds), at: 0)
    // Without an end in sight it is an observation, not a reason to act.
    finding.severity =
      finding.forecast?.seconds == nil
      ? .notice : inquiry.settings.severity(of: finding.forecast)
    finding.standingSeverity = .notice
    finding.members = group.members.map(inquiry.census.member)
    finding.lifecycle = .firing
    return finding
  }
}
