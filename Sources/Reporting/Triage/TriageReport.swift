// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
package import KernelTables

/// Everything a triage has to say: the verdicts, what they were drawn from, and what was not seen.
package struct TriageReport: Sendable {
  /// Worst first: firing by severity, by what runs out soonest, by number; then pending, then
  /// resolved.
  package let findings: [Finding]
  /// What is in the tables beside them.
  package let census: TriageCensus
  /// From the first look to the last; 0 for one look.
  package let watchedSeconds: Double
  /// Of every look and search, each once.
  package let gaps: [Gap]
  /// Where it comes from.
  package let source: TriageSource

  /// Findings of the whole host for which there was no room.
  package var leftOut = LeftOut()
  /// What the report is narrowed to; nil for the whole host.
  package var target: TriageTarget?
  /// What the host calls itself; nil in a replay of what does not say it. Untrusted text.
  package var hostName: String?
  /// Of closewatch.
  package var version: String?
  /// Whether everything of every finding is wanted, and not a first screen.
  package var showsAll = false
  /// Whether it is of a daemon that a command does not ask by itself.
  package var isAskedElsewhere = false
  /// Of the reader's local time from UTC, to the east.
  package var utcOffsetSeconds = 0

  /// - Parameter earlierGaps: What looks before the newest could not see.
  package init(
    findings: [Finding], census: TriageCensus, watchedSeconds: Double, earlierGaps: [Gap] = [],
    source: TriageSource
  ) {
    self.findings = findings.sorted(by: FindingRank.isToldFirst)
    self.census = census
    self.watchedSeconds = watchedSeconds
    self.source = source
    // The newest look says it best; of the earlier ones only what it did not have.
    let kinds = Set(census.gaps.map(\.kind))
    gaps = SocketListing.merged(
      census.gaps + earlierGaps.filter { !kinds.contains($0.kind) })
  }

  /// Whether it has a memory: what the rules still need will come by itself.
  var isFromDaemon: Bool { if case .daemon = source { true } else { false } }

  /// Whether it was watched for too short a time for a verdict on what grows.
  var isShort: Bool {
    switch source {
    case .daemon(let watch): watchedSeconds < watch.patienceSeconds
    case .look: watchedSeconds < SourceWords.shortWatchSeconds
    }
  }

  /// When the newest look was taken, and every other instant, as people read a clock.
  func clock(offsetSeconds: Int) -> WallTime {
    WallTime(census.takenAt, is: census.wallClockSeconds, offsetSeconds: offsetSeconds)
  }

  var sourceWords: SourceWords {
    SourceWords(
      source: source, watchedSeconds: watchedSeconds,
      clock: clock(offsetSeconds: utcOffsetSeconds))
  }

  /// Whether a person has to act: a finding fires with severity `warning` or more, and follows
  /// from no other one here; or one is not certain yet, and what it is about has run out, or does
  /// before the watch that is advised would be over.
  package var asksForAction: Bool {
    firing.roots.contains { $0.severity >= .warning }
      || (firing + pending).roots.contains {
        $0.lifecycle == .pending
          && ($0.forecast?.isUsedUp == true
            || ($0.forecast?.seconds ?? .infinity) <= RuleSettings.advisedWatchSeconds)
      }
  }

  var firing: [Finding] { findings.filter { $0.lifecycle == .firing && !$0.isAccepted } }
  var accepted: [Finding] { findings.filter { $0.lifecycle == .firing && $0.isAccepted } }
  var pending: [Finding] { findings.filter { $0.lifecycle == .pending } }
  var resolved: [Finding] { findings.filter { $0.lifecycle == .resolved } }

  /// The namespace of a finding, when it was in the newest look.
  func namespace(_ id: NetnsID) -> NamespaceSample? {
    census.namespaces.first { $0.id == id }?.sample
  }

  /// What is known of the finding, for the guide's placeholders.
  func guide(for finding: Finding) -> GuideText {
    finding.guide.reading(shownHolder(of: finding)?.table ?? .process)
      .filled(with: values(for: finding))
  }

  /// Who has the descriptor that its steps show.
  private func shownHolder(of finding: Finding) -> SocketHolder? {
    let process = actor(of: finding)?.process.id
    return finding.examples.first { $0.holder != nil && $0.holder?.process == process }?.holder
  }

  private func actor(of finding: Finding) -> Culprit? {
    finding.culprits.first { $0.role == .holder || $0.role == .listener }
      ?? finding.culprits.first { $0.role == .opener }
  }

  /// Whether there is room for all steps of a finding.
  var isWhole: Bool { showsAll || target != nil }

  /// Where all of a finding is: of the daemon's knowledge under its own target; a look of a moment
  /// has to be taken again, and another daemon to be named again.
  func more(of finding: Finding) -> String {
    guard isFromDaemon, !isAskedElsewhere, let target = values(for: finding).target else {
      return "the same command with -v shows all of it"
    }
    return "closewatch triage \(target)"
  }

  private func values(for finding: Finding) -> GuideValues {
    var values = GuideValues()
    let opener = finding.culprits.first { $0.role == .opener }
    let process = actor(of: finding)?.process
    values.pid = process?.id.pid
    if let opener, opener.process.id != process?.id { values.opener = opener.process.id.pid }
    values.peer = finding.culprits.first { $0.role == .peer }?.process.id.pid
    values.fd = shownHolder(of: finding)?.fd
    values.take(rootOf: finding)
    values.port = finding.localPort
    values.remotePort = finding.remotePort
    values.remote = finding.peers.first?.remote
    values.unit = process?.unit
    values.take(placeOf: process)
    values.softLimit = process?.descriptorSoftLimit
    values.hardLimit = process?.descriptorHardLimit
    values.portRange = namespace(finding.namespace)?.settings.localPortRange
    if let namespace = namespace(finding.namespace), !namespace.isOwn {
      // The process that the other commands name, if it is there: no second pid to wonder about.
      values.namespaceMember =
        process?.namespace == finding.namespace ? process?.id.pid : namespace.memberPID
      values.namespaceName = namespace.name
    }
    return values
  }
}

extension LeftOut {
  /// That not all findings are here, and how bad the others are; nil when all are.
  var words: String? {
    worst.map { worst in
      "Too many findings: \(Quantity.count(count)) more were left out, the worst of severity "
        + "\(worst.name)."
    }
  }
}
