// SPDX-License-Identifier: Apache-2.0

/// Findings that end although their sockets are still there: because others cover them, or
/// because there are too many.
extension FindingLedger {
  /// So many are remembered.
  private static let limit = 1024

  /// What one finding told is told by another from now on.
  mutating func pass(_ id: String, to other: String, _ update: Update) -> FindingEvent? {
    end(id, .continued(id: other), update)
  }

  /// Forgets a finding whose sockets are still there.
  private mutating func end(
    _ id: String, _ how: FindingEnd.How, _ update: Update
  ) -> FindingEvent? {
    guard var finding = entries.removeValue(forKey: id)?.finding, finding.lifecycle == .firing
    else { return nil }
    finding.lifecycle = .resolved
    finding.end = FindingEnd(how: how, at: update.now)
    return FindingEvent(kind: .resolved, at: update.now, finding: finding)
  }

  /// Where there is no room for all, the worst stay, whenever they came. What goes on from before
  /// stays before what is no worse.
  ///
  /// - Returns: The candidates for which there is room.
  mutating func makeRoom(
    for candidates: [Finding], _ update: Update, _ events: inout [FindingEvent]
  ) -> [Finding] {
    leftOut = LeftOut()
    let new = candidates.filter { entries[$0.id] == nil }
    let excess = entries.count + new.count - Self.limit
    guard excess > 0 else { return candidates }
    var all = entries.mapValues(\.finding)
    for candidate in candidates {
      var now = candidate
      if let before = entries[candidate.id]?.finding, before.lifecycle == .firing {
        now.lifecycle = .firing
        now.severity = max(now.severity, before.severity)
      }
      all[candidate.id] = now
    }
    let least = all.values.map { FindingRank($0, isNew: entries[$0.id] == nil) }.sorted(by: >)
    var without: Set<String> = []
    for rank in least.prefix(excess) {
      guard let finding = all[rank.id] else { continue }
      without.insert(finding.id)
      if finding.lifecycle != .resolved { leftOut.add(finding) }
      if let event = end(finding.id, .leftOut, update) { events.append(event) }
    }
    return candidates.filter { !without.contains($0.id) }
  }
}
