// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension RuleID {
  package static let closeWaitStuck = RuleID("close-wait-stuck")
}

/// A block of CLOSE_WAIT that is old and does not drain, without growth: what a burst or an
/// incident left behind.
///
/// An idle pool looks just so at its client's end, and is harmless: up to the size of common pools
/// it is only said to be one or the other. Where its connections are seen to be used again, or
/// where the other ends still wait for an answer, there is nothing to tell.
package enum CloseWaitStuck: Rule {
  package static let id = RuleID.closeWaitStuck
  package static let causes = CloseWaitGroup.causes
  package static let states: [TCPState] = [.closeWait]
  package static let patience = CloseWaitGroup.patience
  package static let thresholds: [Threshold] = [
    .fewestStuck, .mostUnjudged, .smallestBlock, .poolBound, .drainShare,
  ]

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    let standing = inquiry.closeWait.filter {
      !$0.isLeak(inquiry.settings) && $0.pool != .reused
    }
    var silent: [CloseWaitGroup] = []
    var found: [Finding] = []
    for judged in standing {
      if let finding = finding(of: judged, in: inquiry) {
        found.append(finding)
      } else {
        silent.append(judged)
      }
    }
    return found + ManyPorts.all(silent).compactMap { finding(of: $0, in: inquiry) }
  }

  /// In less, what is still coming cannot be told from a block that was left behind at once.
  private static let shortestWatch = 20.0

  private static func finding(of judged: CloseWaitGroup, in inquiry: Inquiry) -> Finding? {
    let settings = inquiry.settings
    let survivors = judged.trend.survivors
    let fewest =
      judged.cause == .peerWaitsForAnswer
      ? settings.mostUnjudged
      : judged.pool == .unknown ? settings.smallestBlock : settings.fewestStuck
    guard survivors >= fewest else { return nil }
    var finding = draft(judged, in: inquiry)
    if survivors < settings.smallestBlock { finding.doubts.append(.fewSockets) }
    if judged.pool == .unknown, judged.inFullest < settings.poolBound {
      finding.doubts.append(.poolOrLeak)
    }
    let census = inquiry.census
    let young = max(2 * judged.trend.patienceSeconds, shortestWatch)
    if judged.trend.isStillComing || isOfThePace(judged, in: inquiry),
      census.watchedSeconds < young, !finding.doubts.contains(.watchedTooShort)
    {
      finding.doubts.append(.watchedTooShort)
    }
    let blocking: [Doubt] = [.watchedTooShort, .someDrain, .fewSockets, .poolOrLeak]
    if !finding.doubts.contains(where: blocking.contains) { finding.lifecycle = .firing }
    return finding
  }

  /// Whether they can be those that a program which closes late has at any time: most are young,
  /// and none is much older than the patience.
  private static func isOfThePace(_ judged: CloseWaitGroup, in inquiry: Inquiry) -> Bool {
    let ages = judged.group.connections.map {
      inquiry.census.now.seconds(since: CloseWaitGroup.quietSince($0))
    }
    let patience = judged.trend.patienceSeconds
    return ages.allSatisfy { $0 < 2 * patience } && 2 * judged.trend.survivors < ages.count
  }

  private static func draft(_ judged: CloseWaitGroup, in inquiry: Inquiry) -> Finding {
    let draft = FindingDraft(inquiry, rule: id, namespace: judged.group.port.namespace)
    var finding = draft.finding(
      judged.group, cause: judged.cause, trend: judged.trend, holders: judged.culprits,
      since: CloseWaitGroup.quietSince)
    finding.evidence.append(contentsOf: judged.evidence)
    // It neither grows nor frees: a reason to act today, not at night.
    var standing = finding.forecast
    standing?.stop()
    finding.standingSeverity = max(.warning, inquiry.settings.severity(of: standing))
    if !judged.trend.isGrowing { (finding.growth, finding.forecast) = (nil, standing) }
    finding.severity = max(.warning, inquiry.settings.severity(of: finding.forecast))
    if judged.cause == .peerWaitsForAnswer {
      (finding.severity, finding.standingSeverity) = (.notice, .notice)
    }
    if judged.mayBeInherited { finding.doubts.append(.holderOrHeir) }
    return finding
  }

  /// Sockets of one owner on many ports, a few on each: too few for a rule, and too many together
  /// to be passed over.
  private static func finding(of spread: ManyPorts, in inquiry: Inquiry) -> Finding? {
    guard spread.survivors >= inquiry.settings.mostUnjudged, let largest = spread.groups.first
    else { return nil }
    var whole = largest
    whole.group.members = spread.groups.flatMap(\.group.members)
    whole.group.dead = spread.groups.flatMap(\.group.dead)
    whole.trend.survivors = spread.survivors
    var finding = draft(whole, in: inquiry)
    let draft = FindingDraft(inquiry, rule: id, namespace: largest.group.port.namespace)
    finding.id =
      draft.draft(
        owner: finding.owner, subject: "many-ports", cause: finding.cause, state: .closeWait,
        sockets: finding.sockets
      ).id
    (finding.localPort, finding.remotePort) = (nil, nil)
    if !finding.doubts.contains(.someDrain) { finding.lifecycle = .firing }
    return finding
  }

  private struct ManyPorts {
    /// The one with most sockets first.
    var groups: [CloseWaitGroup]
    var survivors: Int { groups.reduce(0) { $0 + $1.trend.survivors } }

    private struct Owner: Hashable {
      var namespace: NetnsID
      var service: Int32
    }

    static func all(_ silent: [CloseWaitGroup]) -> [ManyPorts] {
      let candidates = silent.filter { $0.cause != .peerWaitsForAnswer }
      return Dictionary(grouping: candidates) {
        Owner(namespace: $0.group.port.namespace, service: $0.group.service)
      }.sorted { ($0.key.namespace, $0.key.service) < ($1.key.namespace, $1.key.service) }
        .filter { $0.value.count > 1 }
        .map { ManyPorts(groups: $0.value) }
    }
  }
}
