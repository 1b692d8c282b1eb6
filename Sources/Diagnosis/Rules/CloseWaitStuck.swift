// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension RuleID {
  package static let closeWaitStuck = RuleID("close-wait-stuck")
}

/// A block of CLOSE_WAIT that is old and does not drain, without growth: what a burst or an
/// incident left behind.
///
/// An idle pool looks just so at its client's end, and is harmless. So outgoing sockets with
/// nothing but the end of stream unread are never reported here.
package enum CloseWaitStuck: Rule {
  package static let id = RuleID.closeWaitStuck
  package static let causes = CloseWaitGroup.causes
  package static let states: [TCPState] = [.closeWait]
  package static let patience = CloseWaitGroup.patience
  package static let thresholds: [Threshold] = [.fewestStuck, .smallestBlock, .drainShare]

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    let settings = inquiry.settings
    return inquiry.closeWait.compactMap { judged in
      guard !judged.trend.isGrowing, !judged.isPoolLike,
        judged.trend.survivors >= settings.fewestStuck
      else { return nil }
      let draft = FindingDraft(
        inquiry, rule: id, namespace: judged.group.port.namespace)
      var finding = draft.finding(
        judged.group, cause: judged.cause, trend: judged.trend, holders: judged.culprits)
      finding.evidence.append(contentsOf: judged.evidence)
      finding.growth = nil
      finding.forecast?.seconds = nil
      finding.forecast?.lowSeconds = nil
      finding.forecast?.highSeconds = nil
      // It neither grows nor frees: a reason to act today, not at night.
      finding.severity = .warning
      if judged.trend.survivors < settings.smallestBlock { finding.doubts.append(.fewSockets) }
      let blocking: [Doubt] = [.watchedTooShort, .someDrain, .fewSockets]
      if !finding.doubts.contains(where: blocking.contains) { finding.lifecycle = .firing }
      return finding
    }
  }
}
