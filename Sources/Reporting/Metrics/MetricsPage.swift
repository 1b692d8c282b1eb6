// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The answer to a scrape: every metric of the catalogue that has a value, written from one
/// snapshot.
///
/// The page is made from scratch each time: what is gone from the snapshot is gone from the page.
package struct MetricsPage {
  /// How much of what can grow is shown. The product of all of them is the size of the page.
  package struct Bounds: Hashable, Sendable {
    /// Series in all. 2,000: at some 150 bytes each a page of 300 kB, and no Prometheus minds.
    package var series = 2000
    /// Owners shown by name. 20: more culprits than a person handles in a day.
    package var owners = 20
    /// Findings shown one by one.
    package var findings = 50
    package var listeners = 20
    package var routes = 20
    /// Namespaces whose kernel counters are shown.
    package var namespaces = 10

    package init() {}
  }

  let snapshot: DaemonSnapshot
  let bounds: Bounds

  package init(_ snapshot: DaemonSnapshot, bounds: Bounds = Bounds()) {
    self.snapshot = snapshot
    self.bounds = bounds
  }

  /// The page as text.
  package func bytes(_ format: ExpositionFormat) -> [UInt8] { bytes(as: TextExposition(format)) }

  func bytes(as form: any ExpositionForm) -> [UInt8] {
    // Three series more tell how many there are.
    var writer = ExpositionWriter(form, seriesLimit: max(0, bounds.series - 3))
    writeOwn(to: &writer)
    writeProcess(to: &writer)
    writeVerdicts(to: &writer)
    writeHost(to: &writer)
    let (series, omitted) = (writer.series, writer.omitted)
    writer.seriesLimit = bounds.series
    writer.single(MetricCatalog.series, series)
    writer.single(MetricCatalog.seriesLimit, bounds.series)
    writer.single(MetricCatalog.seriesOmitted, omitted)
    return writer.finish()
  }

  // MARK: closewatch itself

  private func writeOwn(to writer: inout ExpositionWriter) {
    let (cost, newest) = (snapshot.cost, snapshot.newestSample)
    let started = snapshot.startedWallSeconds
    writer.begin(MetricCatalog.build)
    writer.sample([snapshot.version], 1)
    writer.single(MetricCatalog.lastLook, newest?.wallClockSeconds)
    writer.single(MetricCatalog.lastFullLook, snapshot.fullSample?.wallClockSeconds)
    writer.single(MetricCatalog.lookSeconds, newest.map { $0.cost.wallMilliseconds / 1000 })
    writer.single(MetricCatalog.lookCPU, newest.map { $0.cost.cpuMilliseconds / 1000 })
    writer.single(MetricCatalog.turnSeconds, cost.turnWallSeconds)
    writer.single(MetricCatalog.turnCPU, cost.totalCPUSeconds, created: started)
    writer.begin(MetricCatalog.looks)
    writer.sample(["cheap"], cost.cheapLooks, created: started)
    writer.sample(["full"], cost.fullLooks, created: started)
    writer.single(MetricCatalog.failedLooks, cost.failedLooks, created: started)
    writer.single(MetricCatalog.lateTurns, cost.lateTurns, created: started)
    writer.single(MetricCatalog.interval, cost.intervalSeconds)
    writer.single(MetricCatalog.backedOff, cost.isBackedOff ? 1 : 0)
    writer.begin(MetricCatalog.gaps)
    for kind in Gap.Kind.allCases {
      let count = snapshot.gaps.reduce(0) { $1.kind == kind ? $0 + $1.count : $0 }
      writer.sample([kind.rawValue], count)
    }
    writer.single(MetricCatalog.remembered, snapshot.picture.connectionsRemembered)
    writer.single(MetricCatalog.forgotten, snapshot.picture.connectionsFolded)
    writer.single(MetricCatalog.settingsGood, snapshot.settings.isLastReloadGood ? 1 : 0)
    writer.single(MetricCatalog.settingsTime, snapshot.settings.loadedWallSeconds)
    writeJournal(to: &writer, created: started)
    writeWeb(to: &writer, created: started)
    writePushes(to: &writer, created: started)
  }

  private func writeJournal(to writer: inout ExpositionWriter, created: Double?) {
    writer.begin(MetricCatalog.journal)
    writer.sample(["written"], snapshot.journal.written, created: created)
    writer.sample(["lost"], snapshot.journal.lost, created: created)
    writer.sample(["suppressed"], snapshot.journal.suppressed, created: created)
    writer.single(MetricCatalog.journalQueue, snapshot.journal.queued)
  }

  private func writeWeb(to writer: inout ExpositionWriter, created: Double?) {
    guard let web = snapshot.web else { return }
    writer.single(MetricCatalog.webConfigGood, web.isConfigGood ? 1 : 0)
    writer.single(MetricCatalog.webConnections, web.openConnections)
    writer.single(MetricCatalog.webConnectionLimit, web.connectionLimit)
    writer.begin(MetricCatalog.webTimeouts)
    for (limit, count) in web.timedOut.sorted(by: { $0.key < $1.key }) {
      writer.sample([limit], count, created: created)
    }
  }

  private func writePushes(to writer: inout ExpositionWriter, created: Double?) {
    guard let pushes = snapshot.pushes else { return }
    writer.begin(MetricCatalog.pushes)
    for outcome in PushStatus.Outcome.allCases {
      writer.sample([outcome.rawValue], pushes.counts[outcome] ?? 0, created: created)
    }
    writer.single(MetricCatalog.pushRejections, pushes.rejectedPoints, created: created)
    writer.single(MetricCatalog.lastPush, pushes.lastAcceptedWallSeconds)
  }

  private func writeProcess(to writer: inout ExpositionWriter) {
    guard let process = snapshot.process else { return }
    let started = process.startWallSeconds
    writer.single(MetricCatalog.processCPU, process.cpuSeconds, created: started)
    writer.single(MetricCatalog.processResident, process.residentBytes)
    writer.single(MetricCatalog.processVirtual, process.virtualBytes)
    writer.single(MetricCatalog.processDescriptors, process.openDescriptors)
    let limit = process.descriptorLimit.map { $0 == .max ? .infinity : Double($0) }
    writer.single(MetricCatalog.processDescriptorLimit, limit)
    writer.single(MetricCatalog.processStart, started)
  }

  // MARK: What it found

  private func writeVerdicts(to writer: inout ExpositionWriter) {
    let shown = writeFindings(to: &writer)
    OwnerSeries(snapshot, limit: bounds.owners).write(to: &writer, besides: shown)
  }

  /// - Returns: The findings that have series of their own.
  private func writeFindings(to writer: inout ExpositionWriter) -> [Finding] {
    let active = snapshot.findings.filter { $0.lifecycle != .resolved }
    let firing = active.filter { $0.lifecycle == .firing }
    let roots = firing.roots
    let pending = active.filter { $0.lifecycle == .pending }
    writer.begin(MetricCatalog.findingsFiring)
    for rule in RuleID.allCases {
      for severity in Severity.allCases {
        let count = roots.count { $0.rule == rule && $0.severity == severity }
        writer.sample([rule.rawValue, severity.name], count)
      }
    }
    writer.begin(MetricCatalog.findingsAccepted)
    for rule in RuleID.allCases {
      writer.sample([rule.rawValue], firing.count { $0.rule == rule && $0.isAccepted })
    }
    writer.begin(MetricCatalog.findingsPending)
    for rule in RuleID.allCases {
      writer.sample([rule.rawValue], pending.count { $0.rule == rule })
    }
    // Firing before pending, each worst first: what is folded matters least.
    let shown = (firing + pending).prefix(bounds.findings)
    writer.single(
      MetricCatalog.findingsFolded, active.count - shown.count + snapshot.leftOut.count)
    writer.begin(MetricCatalog.findingsLeftOut)
    for severity in Severity.allCases {
      writer.sample([severity.name], snapshot.leftOut.bySeverity[severity] ?? 0)
    }
    writer.begin(MetricCatalog.findingEvents)
    for kind in [FindingEvent.Kind.firing, .worsened, .resolved] {
      writer.sample(
        [kind.rawValue], snapshot.events[kind] ?? 0, created: snapshot.startedWallSeconds)
    }
    writer.begin(MetricCatalog.findingEnds)
    for how in JournalEvent.End.How.allCases {
      writer.sample(
        [how.rawValue], snapshot.ends[how] ?? 0, created: snapshot.startedWallSeconds)
    }
    FindingSeries(Array(shown), in: snapshot).write(to: &writer)
    let ended = snapshot.findings.filter { $0.lifecycle == .resolved }.prefix(bounds.findings)
    FindingSeries(Array(ended), in: snapshot).writeEnds(to: &writer)
    return Array(shown + ended)
  }
}
