// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension RuleID {
  package static let closeWaitLeak = RuleID("close-wait-leak")
}

/// A process accumulates CLOSE_WAIT that it does not close.
///
/// Fires when enough sockets have outstayed the patience, hardly any that did was closed, and more
/// came to stay than went in the time watched.
package enum CloseWaitLeak: Rule {
  package static let id = RuleID.closeWaitLeak
  package static let causes = CloseWaitGroup.causes
  package static let states: [TCPState] = [.closeWait]
  package static let patience = CloseWaitGroup.patience
  package static let thresholds: [Threshold] = [
    .fewestDefects, .fewestStuck, .fewestPoolLike, .poolBound, .drainShare,
    .descriptorShareWarning, .criticalHorizon, .noticeHorizon,
  ]

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    let settings = inquiry.settings
    return inquiry.closeWait.compactMap { judged in
      guard judged.trend.isGrowing, judged.trend.survivors >= 2 else { return nil }
      let draft = FindingDraft(
        inquiry, rule: id, namespace: judged.group.port.namespace)
      var finding = draft.finding(
        judged.group, cause: judged.cause, trend: judged.trend, holders: judged.culprits)
      finding.sockets += judged.turnedDead
      finding.evidence.append(contentsOf: judged.evidence)
      finding.severity = draft.severity(finding.forecast)
      // One that has died since did not get closed either.
      if judged.trend.survivors + judged.turnedDead < fewest(judged, settings) {
        finding.doubts.append(.fewSockets)
      }
      if judged.isPoolLike,
        finding.doubts.contains(.oneLook) || mayBePool(judged, settings)
      {
        finding.doubts.append(.maybeFillingPool)
      }
      let blocking: [Doubt] = [
        .oneLook, .watchedTooShort, .someDrain, .fewSockets, .maybeFillingPool,
      ]
      if !finding.doubts.contains(where: blocking.contains) { finding.lifecycle = .firing }
      return finding
    }
  }

  /// Whether one process has no more of them than a pool can have.
  private static func mayBePool(_ judged: CloseWaitGroup, _ settings: RuleSettings) -> Bool {
    if hasNoPool(judged, settings) { return false }
    let fullest = judged.culprits.first { $0.role == .holder }?.sockets
    return max(fullest ?? 0, judged.trend.survivors) < settings.fewestBeyondPools
  }

  /// In a watch of moments, an owner that closes as many of its kind as it keeps has no pool of
  /// them. In one of hours it can be a pool that renews what it takes out.
  private static func hasNoPool(_ judged: CloseWaitGroup, _ settings: RuleSettings) -> Bool {
    settings.isShortWatch && judged.trend.left >= judged.trend.survivors
  }

  private static func fewest(_ judged: CloseWaitGroup, _ settings: RuleSettings) -> Int {
    if judged.isPoolLike, !hasNoPool(judged, settings) {
      return settings.fewestPoolLike
    }
    return judged.group.port.isInbound && judged.cause == .eofReadNotClosed
      ? settings.fewestDefects : settings.fewestStuck
  }
}
