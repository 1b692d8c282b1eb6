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
    var firstTrueAt: BootInstant
    var toldSockets: Int
    var toldSeverity: Severity
    var history: [HistoryPoint]
  }

  private static let limit = 1024
  /// How long a resolved finding is still shown.
  private static let resolvedShownSeconds = 3600.0
  private static let historyPoints = 60
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
    for candidate in unique(candidates) {
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
    guard var entry = entries[candidate.id] else {
      guard entries.count < Self.limit else {
        dropped += 1
        return nil
      }
      var finding = candidate
      let point = HistoryPoint(at: now, sockets: candidate.sockets)
      finding.history = [point]
      if finding.lifecycle == .firing { finding.firingSince = now }
      entries[candidate.id] = Entry(
        finding: finding, lastTrueAt: now, firstTrueAt: now, toldSockets: candidate.sockets,
        toldSeverity: candidate.severity, history: [point])
      return finding.lifecycle == .firing
        ? FindingEvent(kind: .firing, at: now, finding: finding) : nil
    }
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
    entry.history.append(HistoryPoint(at: now, sockets: candidate.sockets))
    if entry.history.count > Self.historyPoints {
      entry.history = entry.history.enumerated()
        .filter { $0.offset % 2 == 0 || $0.offset == entry.history.count - 1 }.map(\.element)
    }
    finding.history = entry.history
    var event: FindingEvent?
    if candidate.lifecycle == .firing, before.lifecycle != .firing {
      finding.firingSince = now
      event = FindingEvent(kind: .firing, at: now, finding: finding)
    } else if candidate.lifecycle == .firing,
      candidate.severity > entry.toldSeverity || candidate.sockets >= 2 * entry.toldSockets
    {
      event = FindingEvent(kind: .worsened, at: now, finding: finding)
    }
    if event != nil {
      entry.toldSockets = max(1, candidate.sockets)
      entry.toldSeverity = candidate.severity
    }
    entry.finding = finding
    entries[candidate.id] = entry
    return event
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
