// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Something happened to a finding: what the journal records.
package struct FindingEvent: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable {
    case firing
    /// It fires on, and has doubled or become more severe since it was last told.
    case worsened
    case resolved
  }

  package var kind: Kind
  package var at: BootInstant
  package var finding: Finding

  package init(kind: Kind, at: BootInstant, finding: Finding) {
    self.kind = kind
    self.at = at
    self.finding = finding
  }
}

/// The life of every finding: pending, firing, resolved. Raised when confirmed, told again only
/// when it gets worse by a step, retracted when it has ended.
package struct FindingLedger: Sendable {
  private struct Entry: Sendable {
    var finding: Finding
    var lastTrueAt: BootInstant
    var toldSockets: Int
    var toldSeverity: Severity
    var curve: FindingCurve
  }

  private static let limit = 1024
  /// How long a resolved finding is still shown.
  private static let resolvedShownSeconds = 3600.0
  private var entries: [String: Entry] = [:]
  /// Findings not taken up because there are too many.
  package private(set) var dropped = 0

  package init() {}

  /// All findings now, the worst first.
  package var findings: [Finding] {
    entries.values.map(\.finding).sorted(by: Self.isWorse)
  }

  /// Takes in what the rules say now.
  ///
  /// - Parameter quietSeconds: A finding must have been untrue for this long before it is resolved,
  ///   so that one that flickers stays one story.
  package mutating func update(
    _ candidates: [Finding], at now: BootInstant, quietSeconds: Double
  ) -> [FindingEvent] {
    var events: [FindingEvent] = []
    for candidate in unique(continued(candidates)) {
      if let event = takeUp(candidate, at: now) { events.append(event) }
    }
    for (id, entry) in entries where entry.lastTrueAt < now {
      switch entry.finding.lifecycle {
      case .pending:
        entries[id] = nil
      case .firing where now.seconds(since: entry.lastTrueAt) >= quietSeconds:
        entries[id]?.finding.lifecycle = .resolved
        entries[id]?.finding.forecast = nil
        entries[id]?.finding.growth = nil
        entries[id]?.finding.changes.add(.ended, at: now)
        var told = entry.finding
        told.lifecycle = .resolved
        events.append(FindingEvent(kind: .resolved, at: now, finding: told))
      case .resolved where now.seconds(since: entry.lastTrueAt) >= Self.resolvedShownSeconds:
        entries[id] = nil
      default:
        break
      }
    }
    return events.sorted { $0.finding.id < $1.finding.id }
  }

  /// A leak that has paused is the same leak: its block of stuck sockets goes on under the id it
  /// was told by. And a block that grows is told as a leak alone.
  private func continued(_ candidates: [Finding]) -> [Finding] {
    let leaking = Set(candidates.filter { $0.rule == .closeWaitLeak }.map(\.id))
    return candidates.compactMap { candidate in
      guard candidate.rule == .closeWaitStuck else { return candidate }
      let id =
        RuleID.closeWaitLeak.rawValue + candidate.id.dropFirst(candidate.rule.rawValue.count)
      if leaking.contains(id) { return nil }
      guard entries[id]?.finding.lifecycle == .firing else { return candidate }
      var leak = candidate
      leak.id = id
      leak.rule = .closeWaitLeak
      // Few are left, but they are of those that were told.
      leak.doubts.removeAll { $0 == .fewSockets }
      if leak.doubts.isEmpty || leak.doubts == [.holdersIncomplete] { leak.lifecycle = .firing }
      return leak
    }
  }

  /// Two subjects of one name (two programs of the same name and port) are told apart by a number,
  /// so that none hides the other. Each keeps its number while its process lives, whichever of
  /// them is the larger.
  private func unique(_ candidates: [Finding]) -> [Finding] {
    var taken: Set<String> = []
    var numbered = candidates
    var rest: [Int] = []
    for index in candidates.indices {
      if let id = knownID(of: candidates[index]), taken.insert(id).inserted {
        numbered[index].id = id
      } else {
        rest.append(index)
      }
    }
    for index in rest {
      let base = candidates[index].id
      var number = 1
      while !taken.insert(numbered[index].id).inserted {
        number += 1
        numbered[index].id = "\(base)#\(number)"
      }
    }
    return numbered
  }

  /// The id under which this subject was told before, if its process is the same.
  private func knownID(of candidate: Finding) -> String? {
    guard let process = candidate.culprits.first?.process.id else { return nil }
    var id = candidate.id
    var number = 1
    while let entry = entries[id] {
      if entry.finding.culprits.first?.process.id == process { return id }
      number += 1
      id = "\(candidate.id)#\(number)"
    }
    return nil
  }

  private mutating func takeUp(_ candidate: Finding, at now: BootInstant) -> FindingEvent? {
    guard var entry = entries[candidate.id] else { return begin(candidate, at: now) }
    let before = entry.finding
    var finding = candidate
    // A firing finding whose rule is in doubt for a moment goes on firing until it is quiet.
    if before.lifecycle == .firing, candidate.lifecycle == .pending {
      finding.lifecycle = .firing
      finding.severity = max(before.severity, candidate.severity)
    } else {
      entry.lastTrueAt = now
    }
    if candidate.lifecycle == .pending, before.lifecycle == .pending { entry.lastTrueAt = now }
    finding.firingSince = before.firingSince
    finding.firstSeen = before.firstSeen
    finding.changes = before.changes
    if let replacement = Self.replacement(before, candidate) {
      finding.changes.add(replacement, at: now)
    }
    entry.curve.add(HistoryPoint(at: now, sockets: candidate.sockets))
    finding.history = entry.curve.points
    var kind: FindingEvent.Kind?
    if candidate.lifecycle == .firing, before.lifecycle != .firing {
      finding.firingSince = now
      finding.changes.add(.fired(sockets: candidate.sockets), at: now)
      kind = .firing
    } else if candidate.lifecycle == .firing {
      kind = Self.worsening(candidate, since: entry, at: now, &finding.changes)
    }
    if kind != nil {
      entry.toldSockets = max(1, candidate.sockets)
      entry.toldSeverity = candidate.severity
    }
    entry.finding = finding
    entries[candidate.id] = entry
    return kind.map { FindingEvent(kind: $0, at: now, finding: finding) }
  }

  private mutating func begin(_ candidate: Finding, at now: BootInstant) -> FindingEvent? {
    guard entries.count < Self.limit else {
      dropped += 1
      return nil
    }
    var finding = candidate
    let isFiring = finding.lifecycle == .firing
    let curve = FindingCurve(HistoryPoint(at: now, sockets: candidate.sockets))
    finding.history = curve.points
    finding.firstSeen = now
    finding.changes = []
    finding.changes.add(
      isFiring ? .fired(sockets: candidate.sockets) : .appeared(sockets: candidate.sockets),
      at: now)
    if isFiring { finding.firingSince = now }
    entries[candidate.id] = Entry(
      finding: finding, lastTrueAt: now, toldSockets: candidate.sockets,
      toldSeverity: candidate.severity, curve: curve)
    return isFiring ? FindingEvent(kind: .firing, at: now, finding: finding) : nil
  }

  /// Notes what has become worse since it was last told; nil when nothing has by a step.
  private static func worsening(
    _ candidate: Finding, since entry: Entry, at now: BootInstant, _ changes: inout [FindingChange]
  ) -> FindingEvent.Kind? {
    let isSeverer = candidate.severity > entry.toldSeverity
    let hasDoubled = candidate.sockets >= 2 * entry.toldSockets
    if hasDoubled { changes.add(.doubled(sockets: candidate.sockets), at: now) }
    if isSeverer { changes.add(.severity(candidate.severity), at: now) }
    return isSeverer || hasDoubled ? .worsened : nil
  }

  /// Whether the process that the finding is told by has given way to a younger one. A pool whose
  /// workers only change places has not.
  private static func replacement(_ before: Finding, _ now: Finding) -> FindingChange.Kind? {
    guard let old = before.culprits.first, let new = now.culprits.first, old.role == new.role,
      old.process.id != new.process.id, new.process.id.startTicks > old.process.id.startTicks,
      !now.culprits.contains(where: { $0.process.id == old.process.id })
    else { return nil }
    return .replaced(was: old.process.id, now: new.process.id)
  }

  /// Firing before pending before resolved; then severity; then what runs out first; then size.
  private static func isWorse(_ a: Finding, _ b: Finding) -> Bool {
    let order: (Finding) -> Int = {
      $0.lifecycle == .firing ? 0 : $0.lifecycle == .pending ? 1 : 2
    }
    if order(a) != order(b) { return order(a) < order(b) }
    if a.severity != b.severity { return a.severity > b.severity }
    let left = a.forecast?.seconds ?? .infinity
    let right = b.forecast?.seconds ?? .infinity
    if left != right { return left < right }
    return (b.sockets, a.id) < (a.sockets, b.id)
  }
}
