// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension RuleID {
  package static let finWait2Owned = RuleID("fin-wait-2-owned")
}

extension Cause {
  package static let peerNeverCloses = Cause("peer-never-closes")
}

/// Our side has shut down its sending and waits for a peer that never closes.
///
/// `tcp_fin_timeout` ends only orphans: while a process keeps the descriptor, there is no timer.
/// When the other end is a CLOSE_WAIT of a process on this host, that process is the one to act,
/// and `close-wait-leak` names both ends.
package enum FinWait2Owned: Rule {
  package static let id = RuleID.finWait2Owned
  package static let causes: [Cause] = [.peerNeverCloses]
  package static let states: [TCPState] = [.finWait2]
  package static let patience = Patience(of: id)
  package static let thresholds: [Threshold] = [
    .fewestStuck, .smallestBlock.times(2), .drainShare, .descriptorShareWarning, .criticalHorizon,
    .noticeHorizon,
  ]

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    let census = inquiry.census
    let groups = inquiry.groups(of: .finWait2) { connection, row in
      guard row.inode != 0, row.timer != .timeWait else { return false }
      guard let other = inquiry.pairs.otherEnd(of: connection, in: census) else { return true }
      return other.state != .closeWait || other.inode == 0
    }
    return groups.compactMap { finding(of: $0, in: inquiry) }
  }

  private static func finding(
    of group: SocketGroup, in inquiry: Inquiry
  ) -> Finding? {
    let settings = inquiry.settings
    // Still receiving is a half-close at work: it said all it had to say, and reads the answer.
    let quietSince = { (connection: Connection) in
      max(connection.stateSince, connection.progressAt)
    }
    let trend = inquiry.trend(
      group, patienceSeconds: patience.seconds(settings),
      since: quietSince)
    guard trend.survivors >= 2 else { return nil }
    let draft = FindingDraft(inquiry, rule: id, namespace: group.port.namespace)
    var finding = draft.finding(
      group, cause: .peerNeverCloses, trend: trend, holders: draft.holders(of: group.members),
      since: quietSince)
    finding.standingSeverity = .notice
    finding.severity = trend.isGrowing ? settings.severity(of: finding.forecast) : .notice
    let fewest = trend.isGrowing ? settings.fewestStuck : 2 * settings.smallestBlock
    if trend.survivors < fewest { finding.doubts.append(.fewSockets) }
    let blocking: [Doubt] = [.oneLook, .watchedTooShort, .someDrain, .fewSockets]
    if !finding.doubts.contains(where: blocking.contains) { finding.lifecycle = .firing }
    return finding
  }
}
