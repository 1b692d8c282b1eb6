// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Something happened to a finding: what the journal records.
package struct FindingEvent: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable {
    case firing
    /// It fires on, and has doubled or become more severe since it was last reported.
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

/// The life of every finding: pending, firing, resolved. Raised when confirmed, reported again
/// only when it gets worse by a step, retracted when its sockets have gone.
package struct FindingLedger: Sendable {
  struct Entry: Sendable {
    var finding: Finding
    var lastTrueAt: BootInstant
    /// The last look in which a rule reported it.
    var updatedAt: BootInstant
    var toldSockets: Int
    var toldSeverity: Severity
    var curve: FindingCurve
    var membership: Membership
  }

  /// What one update is made with.
  struct Update {
    var census: Census?
    var now: BootInstant
    var quietSeconds: Double

    /// Whether all processes that a finding accuses have ended.
    func isOfTheDead(_ finding: Finding) -> Bool {
      guard let census else { return false }
      let accused = finding.culprits.filter { $0.role == .holder || $0.role == .listener }
      return !accused.isEmpty && accused.allSatisfy { census.ended.contains($0.process.id) }
    }

    /// Whether no rule can have said anything of sockets in this state: each minute all are read.
    func didNotRead(_ state: TCPState) -> Bool {
      census.map { !$0.sample.states.contains(StateSet(state)) } ?? false
    }

    /// Whether nobody could say of it anything this time: not seen is not gone.
    func couldNotRead(_ finding: Finding) -> Bool {
      guard let census, census.namespace(finding.namespace) == nil else { return false }
      return census.sample.gaps.contains { $0.kind == .namespaceNotRead }
    }
  }

  /// Bounds the question to the host.
  private static let mostAsked = 256
  /// How long a resolved finding is still shown.
  private static let resolvedShownSeconds = 3600.0
  var entries: [String: Entry] = [:]
  /// How many more members can be remembered in this update.
  private var room = Member.mostOnHost
  /// Findings for which there was no room in the newest update.
  package internal(set) var leftOut = LeftOut()

  package init() {}

  /// All findings now, the worst first.
  package var findings: [Finding] {
    // By their positions: a finding is large, and a sort moves what it sorts many times.
    let all = entries.values.map(\.finding)
    return all.indices.sorted { FindingRank.isToldFirst(all[$0], all[$1]) }.map { all[$0] }
  }

  /// The processes that are accused: whether they live is asked at each look.
  var pidsToAskWhetherAlive: [Int32] {
    let open = findings.filter { $0.lifecycle != .resolved }
    let accused = open.lazy.flatMap(\.culprits).filter {
      $0.role == .holder || $0.role == .listener
    }
    return accused.prefix(Self.mostAsked).map(\.process.id.pid)
  }

  /// The processes that had members whose rows are missing: whether those are closed, or dead under
  /// an open descriptor, is asked before it is judged.
  func pidsToAskWhatIsLeft(in census: Census) -> Set<Int32> {
    entries.values.reduce(into: []) { pids, entry in
      guard entry.finding.lifecycle != .resolved else { return }
      pids.formUnion(census.holders(ofMissing: entry.membership.members))
    }
  }

  /// Takes in what the rules say now.
  ///
  /// - Parameters:
  ///   - census: What has become of members that no rule reports any more. Without, findings end
  ///     by what the rules say alone.
  ///   - quietSeconds: A finding must have been untrue for this long before it is resolved, so that
  ///     one that flickers stays one story. What a process leaves behind is over with it.
  package mutating func update(
    _ candidates: [Finding], in census: Census? = nil, at now: BootInstant, quietSeconds: Double
  ) -> [FindingEvent] {
    let update = Update(census: census, now: now, quietSeconds: quietSeconds)
    room = Member.mostOnHost
    var events: [FindingEvent] = []
    let fold = FindingFold(unique(continued(candidates.filter { !update.isOfTheDead($0) }))) { id in
      entries[id].map { $0.finding.lifecycle != .resolved } ?? false
    }
    for (id, whole) in fold.parts.sorted(by: { $0.key < $1.key }) {
      if let event = pass(id, to: whole, update) { events.append(event) }
    }
    for (id, other) in takenOver(by: fold.findings).sorted(by: { $0.key < $1.key }) {
      if let event = pass(id, to: other, update) { events.append(event) }
    }
    for candidate in makeRoom(for: fold.findings, update, &events) {
      if let block = endBlock(of: candidate, update) { events.append(block) }
      if let event = takeUp(candidate, update) { events.append(event) }
    }
    for id in entries.keys.sorted() {
      if let event = goOn(id, update) { events.append(event) }
    }
    return events.sorted { $0.finding.id < $1.finding.id }
  }

  // MARK: When no rule reports it any more

  private mutating func goOn(_ id: String, _ update: Update) -> FindingEvent? {
    guard var entry = entries[id], entry.lastTrueAt < update.now else { return nil }
    if entry.finding.lifecycle == .resolved {
      if update.now.seconds(since: entry.lastTrueAt) >= Self.resolvedShownSeconds {
        entries[id] = nil
      }
      return nil
    }
    let isSpokenOf = entry.updatedAt == update.now
    if !isSpokenOf { follow([], &entry, update) }
    let membership = entry.membership
    // What has ended is told as it was.
    if !isSpokenOf, membership.isTracked, !membership.isOver, let census = update.census {
      entry.finding.recount(membership.members, in: census)
    }
    let isAtEnd =
      update.isOfTheDead(entry.finding) && membership.members.count == membership.unseen
    if entry.finding.lifecycle == .pending {
      let isUnknown = membership.unseen > 0 || update.didNotRead(entry.finding.state)
      entries[id] = isUnknown && !isAtEnd ? entry : nil
      return nil
    }
    if !isAtEnd, membership.isTracked, !membership.isOver {
      // Where none could be seen it is as it was, and not known to be so now.
      if membership.unseen < membership.members.count {
        if !isSpokenOf { Self.stand(&entry, at: update.now) }
        entry.lastTrueAt = update.now
      }
      entries[id] = entry
      return nil
    }
    if !isSpokenOf, membership.hadNone {
      // It may be true again within the quiet time. Until then its numbers are of the past.
      entry.finding.notSeenSince = entry.lastTrueAt
      (entry.finding.growth, entry.finding.forecast) = (nil, nil)
      if update.couldNotRead(entry.finding) {
        entries[id] = entry
        return nil
      }
    }
    let isQuiet = update.now.seconds(since: entry.lastTrueAt) >= update.quietSeconds
    if isAtEnd || isQuiet || membership.areAllClosed
      || (membership.isOver && membership.wereExited)
    {
      return resolve(id, entry, update)
    }
    // It may come back within the quiet time. Until then there is nothing left that runs out.
    if membership.isOver, !isSpokenOf {
      Self.stand(&entry, at: update.now)
      entry.finding.forecast = nil
      if membership.members.isEmpty { entry.finding.notSeenSince = entry.lastTrueAt }
    }
    entries[id] = entry
    return nil
  }

  /// It neither grows nor goes.
  private static func stand(_ entry: inout Entry, at now: BootInstant) {
    entry.finding.notGrowingSince = entry.finding.notGrowingSince ?? entry.lastTrueAt
    entry.finding.growth = nil
    entry.finding.forecast?.stop()
    entry.finding.severity = min(entry.finding.severity, entry.finding.standingSeverity)
    entry.curve.add(HistoryPoint(at: now, sockets: entry.finding.sockets))
    entry.finding.history = entry.curve.points
  }

  private mutating func resolve(_ id: String, _ entry: Entry, _ update: Update) -> FindingEvent {
    var entry = entry
    let membership = entry.membership
    var how = membership.end
    if update.isOfTheDead(entry.finding), how == .closed || how == .subsided,
      let process = entry.finding.culprits.first?.process.id
    {
      how = .exited(process)
    }
    let left = update.isOfTheDead(entry.finding) ? 0 : membership.members.count
    let members = membership.gone + membership.members.count
    var end = FindingEnd(how: how, at: update.now, gone: members - left, members: members)
    if let census = update.census { end.newer = census.newer(than: entry.finding, left: left) }
    entry.finding.end = end
    entry.finding.lifecycle = .resolved
    entry.finding.members = []
    (entry.finding.unseen, entry.finding.notSeenSince) = (0, nil)
    let told = entry.finding
    entry.finding.forecast = nil
    entry.finding.growth = nil
    entry.finding.changes.add(.ended, at: update.now)
    entry.membership = Membership([], at: update.now, room: 0)
    entries[id] = entry
    return FindingEvent(kind: .resolved, at: update.now, finding: told)
  }

  /// Takes in who is a member now, and what has become of those that were.
  private mutating func follow(_ newest: [Member], _ entry: inout Entry, _ update: Update) {
    guard let census = update.census else { return }
    entry.membership.update(
      newest, in: census, since: entry.updatedAt, at: update.now, room: room)
    let membership = entry.membership
    room -= membership.members.count
    entry.finding.unseen = membership.unseen
    entry.finding.notSeenSince = membership.unseen > 0 ? membership.seenAt : nil
    if membership.isTracked { entry.finding.sockets = membership.members.count }
  }

  /// A block of stuck sockets that grows is a leak from now on, and no second finding.
  private mutating func endBlock(of leak: Finding, _ update: Update) -> FindingEvent? {
    guard leak.rule == .closeWaitLeak, leak.lifecycle == .firing else { return nil }
    let id =
      RuleID.closeWaitStuck.rawValue + leak.id.dropFirst(RuleID.closeWaitLeak.rawValue.count)
    return pass(id, to: leak.id, update)
  }

  /// Changes what is known of each finding, in the order of their ids.
  mutating func revise(_ change: (inout Finding) -> Void) {
    for id in entries.keys.sorted() {
      if var entry = entries[id] {
        change(&entry.finding)
        entries[id] = entry
      }
    }
  }

  // MARK: What the rules say

  /// A leak that has paused is the same leak: its block of stuck sockets goes on under the id it
  /// was told by. And a block that grows is told as a leak alone.
  private func continued(_ candidates: [Finding]) -> [Finding] {
    let leaking = Set(candidates.filter { $0.rule == .closeWaitLeak }.map(\.id))
    return candidates.compactMap { candidate -> Finding? in
      guard candidate.rule == .closeWaitStuck else { return onSameRoute(candidate) }
      let id =
        RuleID.closeWaitLeak.rawValue + candidate.id.dropFirst(candidate.rule.rawValue.count)
      if leaking.contains(id) { return nil }
      guard entries[id]?.finding.lifecycle == .firing else { return candidate }
      var leak = candidate
      leak.id = id
      leak.rule = .closeWaitLeak
      // Few are left, but they are of those that were told.
      leak.doubts.removeAll { $0 == .fewSockets }
      if leak.doubts.allSatisfy({ $0 == .holdersIncomplete || $0 == .holderOrHeir }) {
        leak.lifecycle = .firing
      }
      return leak
    }
  }

  /// Who exhausts the ports may be learnt later: by its ports it is the same finding.
  private func onSameRoute(_ candidate: Finding) -> Finding {
    guard candidate.rule == .timeWaitPortExhaustion, entries[candidate.id] == nil
    else { return candidate }
    let owner = "\(candidate.rule)/\(candidate.owner.kind.rawValue):\(candidate.owner.name)"
    let route = candidate.id.dropFirst(owner.count)
    let told = entries.filter { id, entry in
      entry.finding.rule == candidate.rule && entry.finding.lifecycle != .resolved
        && id.hasSuffix(route)
    }
    guard let id = told.keys.min() else { return candidate }
    var same = candidate
    same.id = id
    return same
  }

  private mutating func takeUp(_ candidate: Finding, _ update: Update) -> FindingEvent? {
    guard var entry = entries[candidate.id] else { return begin(candidate, update) }
    let before = entry.finding
    entry.finding.notSeenSince = nil
    if before.lifecycle == .resolved {
      entry.membership = Membership(candidate.members, at: update.now, room: room)
      room -= entry.membership.members.count
    } else {
      follow(candidate.members, &entry, update)
    }
    var finding = candidate
    finding.sockets += entry.membership.unseen
    (finding.unseen, finding.notSeenSince) = (entry.finding.unseen, entry.finding.notSeenSince)
    // A firing finding whose rule is in doubt for a moment goes on firing until it is quiet.
    if before.lifecycle == .firing, candidate.lifecycle == .pending {
      finding.lifecycle = .firing
      finding.severity = max(before.severity, candidate.severity)
    } else {
      entry.lastTrueAt = update.now
    }
    entry.updatedAt = update.now
    if before.lifecycle != .resolved {
      finding.peak = max(before.peak, finding.sockets)
      // What it waits for is in ESTABLISHED, which not every sample reads.
      let seesBackends = update.census?.sample.states.contains(.established) ?? true
      if !seesBackends { finding.root = before.root ?? finding.root }
      finding.accepted = before.accepted
    }
    finding.firingSince = before.firingSince
    finding.firstSeen = before.firstSeen
    finding.changes = before.changes
    if let replacement = Self.replacement(before, candidate) {
      finding.changes.add(replacement, at: update.now)
    }
    entry.curve.add(HistoryPoint(at: update.now, sockets: finding.sockets))
    finding.history = entry.curve.points
    var kind: FindingEvent.Kind?
    if candidate.lifecycle == .firing, before.lifecycle != .firing {
      finding.firingSince = update.now
      finding.changes.add(.fired(sockets: finding.sockets), at: update.now)
      kind = .firing
    } else if candidate.lifecycle == .firing {
      var changes = finding.changes
      kind = Self.worsening(finding, since: entry, at: update.now, &changes)
      finding.changes = changes
    }
    if kind != nil {
      entry.toldSockets = max(1, finding.sockets)
      entry.toldSeverity = candidate.severity
    }
    entry.finding = finding
    entries[candidate.id] = entry
    return kind.map { FindingEvent(kind: $0, at: update.now, finding: finding) }
  }

  private mutating func begin(_ candidate: Finding, _ update: Update) -> FindingEvent? {
    var finding = candidate
    let isFiring = finding.lifecycle == .firing
    let curve = FindingCurve(HistoryPoint(at: update.now, sockets: candidate.sockets))
    finding.history = curve.points
    finding.firstSeen = update.now
    finding.changes = []
    finding.changes.add(
      isFiring ? .fired(sockets: candidate.sockets) : .appeared(sockets: candidate.sockets),
      at: update.now)
    if isFiring { finding.firingSince = update.now }
    let membership = Membership(candidate.members, at: update.now, room: room)
    room -= membership.members.count
    entries[candidate.id] = Entry(
      finding: finding, lastTrueAt: update.now, updatedAt: update.now,
      toldSockets: candidate.sockets, toldSeverity: candidate.severity, curve: curve,
      membership: membership)
    return isFiring ? FindingEvent(kind: .firing, at: update.now, finding: finding) : nil
  }

  /// Notes what has become worse since it was last reported; nil when nothing has by a step.
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
}
