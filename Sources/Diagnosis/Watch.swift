// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// The whole core as one value: samples in, questions and findings out. A ``Turn`` is its steps in
/// their order, on any host.
package struct Watch: Sendable {
  package private(set) var settings: RuleSettings
  package private(set) var census: Census?
  private var ledger = FindingLedger()
  /// Hunts that may be made now, and when that was counted.
  private var huntsLeft = Watch.mostHunts
  private var huntsCountedAt: BootInstant?
  /// Whether somebody is about to run out of ports, and it is not known who.
  package private(set) var wantsOpener = false
  /// The newest search for dead sockets in every process that was made because of their number.
  var newestDeadSocketSearch: (unlisted: Int?, at: BootInstant)?
  /// A hunt costs a quarter of a second of a core: so many at once, for one that is hard to catch,
  /// and one in so many seconds after that.
  private static let mostHunts = 20.0
  private static let secondsPerHunt = 60.0

  package init(settings: RuleSettings) { self.settings = settings }

  /// All findings now, the worst first.
  package var findings: [Finding] { ledger.findings }

  /// Judges by other settings from now on. What was learnt stays; a new
  /// ``RuleSettings/connectionLimit`` holds for the next watch.
  package mutating func change(to settings: RuleSettings) { self.settings = settings }

  /// Findings for which there was no room at the newest look.
  package var leftOut: LeftOut { ledger.leftOut }

  /// See ``Census/giveUpRows()``.
  package mutating func giveUpRows() { census?.giveUpRows() }

  /// Takes in a look, and says which sockets to find the holders of.
  package mutating func advance(
    with sample: Sample, deadSockets: HolderSearch.DeadSockets = .everywhere,
    learnOpeners: Bool = true
  ) -> HolderSearch {
    if census == nil {
      census = Census(sample, limit: settings.connectionLimit)
    } else {
      census?.advance(with: sample)
    }
    guard let census else { return HolderSearch() }
    var search = census.search(
      settings: settings, deadSockets: deadSockets, learnOpeners: learnOpeners)
    search.records += ledger.pidsToAskWhetherAlive
    search.seekDeadSockets(in: ledger.pidsToAskWhatIsLeft(in: census))
    search.hunts = hunts(in: census)
    return search
  }

  private mutating func hunts(in census: Census) -> [OpenerHunt] {
    let wanted = RuleCatalog.rules.flatMap { $0.hunts(in: census, settings: settings) }
    wantsOpener = !wanted.isEmpty
    let passed = huntsCountedAt.map { census.now.seconds(since: $0) } ?? 0
    huntsCountedAt = census.now
    huntsLeft = min(Self.mostHunts, huntsLeft + passed / Self.secondsPerHunt)
    let made = wanted.prefix(Int(huntsLeft))
    huntsLeft -= Double(made.count)
    return Array(made)
  }

  /// Takes in who holds them.
  package mutating func attribute(_ report: HolderReport, to search: HolderSearch) {
    census?.attribute(report, to: search)
  }

  /// Asks every rule, and says what has happened to the findings.
  package mutating func judge() -> [FindingEvent] {
    guard let census else { return [] }
    let inquiry = Inquiry(census, settings: settings)
    let events = ledger.update(
      Roots.told(of: RuleCatalog.findings(in: inquiry), in: inquiry), in: census, at: census.now,
      quietSeconds: settings.quietSeconds)
    let told = ledger.accept(settings.accepted, in: census, events)
    return ledger.relate(Relations(ledger.findings, in: inquiry), told)
  }
}
