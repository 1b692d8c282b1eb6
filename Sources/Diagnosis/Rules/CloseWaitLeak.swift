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
    .fewestDefects, .fewestStuck, .fewestPoolLike, .poolBound, .mostUnjudged,
    .drainShare, .descriptorShareWarning, .criticalHorizon, .noticeHorizon,
  ]

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    let settings = inquiry.settings
    return inquiry.closeWait.compactMap { judged in
      guard judged.trend.isGrowing, judged.trend.survivors >= 2,
        judged.pool != .reused || isBeyondReuse(judged, settings),
        judged.cause != .peerWaitsForAnswer || judged.comesOverTime(in: inquiry)
      else { return nil }
      let draft = FindingDraft(
        inquiry, rule: id, namespace: judged.group.port.namespace)
      var finding = draft.finding(
        judged.group, cause: judged.cause, trend: judged.trend, holders: judged.culprits,
        since: CloseWaitGroup.quietSince)
      finding.evidence.append(contentsOf: judged.evidence)
      finding.severity = settings.severity(of: finding.forecast)
      if judged.trend.survivors < fewest(judged, settings) { finding.doubts.append(.fewSockets) }
      if judged.mayBeInherited { finding.doubts.append(.holderOrHeir) }
      // All ages are known, and there is no time for a second look.
      if isRunningOut(finding), judged.trend.survivors >= settings.mostUnjudged {
        finding.doubts.removeAll { $0 == .oneLook }
      }
      if judged.pool == .unknown,
        finding.doubts.contains(.oneLook) || mayBePool(judged, settings)
      {
        finding.doubts.append(.poolOrLeak)
      }
      let blocking: [Doubt] = [.oneLook, .watchedTooShort, .someDrain, .fewSockets, .poolOrLeak]
      if !finding.doubts.contains(where: blocking.contains) { finding.lifecycle = .firing }
      return finding
    }
  }

  /// Whether it would be over before the watch is that one look advises to, and that takes as long
  /// again to be acted on.
  private static func isRunningOut(_ finding: Finding) -> Bool {
    (finding.forecast?.seconds ?? .infinity) <= 2 * RuleSettings.advisedWatchSeconds
  }

  /// Whether one process has no more of them than a pool can have.
  private static func mayBePool(_ judged: CloseWaitGroup, _ settings: RuleSettings) -> Bool {
    if hasNoPool(judged, settings) { return false }
    return max(judged.inFullest, judged.trend.survivors) < settings.fewestBeyondPools
  }

  /// Whether even a pool whose connections are seen to be used again has become too large: ten
  /// times the size of common ones, or half of what its process can open.
  private static func isBeyondReuse(_ judged: CloseWaitGroup, _ settings: RuleSettings) -> Bool {
    let limit = judged.culprits.first { $0.role == .holder }?.process.descriptorSoftLimit
    let half = limit.map { Int(clamping: $0 / 2) } ?? .max
    return judged.inFullest >= min(10 * settings.poolBound, half)
  }

  /// In a watch of moments, an owner that closes as many of its kind as it keeps has no pool of
  /// them. In one of hours it can be a pool that renews what it takes out.
  private static func hasNoPool(_ judged: CloseWaitGroup, _ settings: RuleSettings) -> Bool {
    settings.isShortWatch && judged.trend.left >= judged.trend.survivors
  }

  private static func fewest(_ judged: CloseWaitGroup, _ settings: RuleSettings) -> Int {
    if judged.pool != .none, !hasNoPool(judged, settings) { return settings.fewestPoolLike }
    return judged.group.port.isInbound && judged.cause == .eofReadNotClosed
      ? settings.fewestDefects : settings.fewestStuck
  }
}
