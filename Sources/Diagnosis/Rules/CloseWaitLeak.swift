// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// A process accumulates CLOSE_WAIT that it does not close.
///
/// Fires when enough sockets have outstayed the patience, hardly any that did was closed, and more
/// came to stay than went in the time watched.
package enum CloseWaitLeak: Rule {
  package static let id = RuleID.closeWaitLeak

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    let settings = inquiry.settings
    return inquiry.closeWait.compactMap { judged in
      guard judged.trend.isGrowing, judged.trend.survivors >= 2 else { return nil }
      let draft = FindingDraft(
        inquiry, rule: id, namespace: judged.group.port.namespace)
      var finding = draft.finding(
        judged.group, cause: judged.cause, trend: judged.trend, holders: judged.culprits)
      finding.sockets += judged.turnedGhost
      finding.evidence.append(contentsOf: judged.evidence)
      finding.severity = draft.severity(finding.forecast)
      if judged.trend.survivors < fewest(judged, settings) { finding.doubts.append(.fewSockets) }
      if judged.isPoolLike,
        finding.doubts.contains(.oneLook) || inFullest(judged) < settings.fewestBeyondPools
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

  /// Those of the process that has most, new and old: each process has a pool of its own.
  private static func inFullest(_ judged: CloseWaitGroup) -> Int {
    let holders = judged.culprits.filter { $0.role == .holder }
    guard judged.trend.patienceSeconds >= 60, let fullest = holders.first
    else { return judged.trend.survivors }
    return fullest.sockets
  }

  private static func fewest(_ judged: CloseWaitGroup, _ settings: RuleSettings) -> Int {
    if judged.isPoolLike { return settings.fewestPoolLike }
    return judged.group.port.isInbound && judged.cause == .eofReadNotClosed
      ? settings.fewestDefects : settings.fewestStuck
  }
}
