// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The answer to a scrape: every metric of the catalogue that has a value, written from one
/// snapshot.
///
/// The page is made anew each time: what is gone from the snapshot is gone from the page.
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

  let input: MetricsInput
  let bounds: Bounds

  package init(_ input: MetricsInput, bounds: Bounds = Bounds()) {
    self.input = input
    self.bounds = bounds
  }

  /// The page as text.
  package func bytes(_ format: ExpositionFormat) -> [UInt8] {
    // Three series more tell how many there are.
    var writer = ExpositionWriter(format: format, seriesLimit: max(0, bounds.series - 3))
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
    let sampler = input.sampler
    let started = sampler.startedWallSeconds
    writer.begin(MetricCatalog.build)
    writer.sample([input.version], 1)
    writer.single(MetricCatalog.lastLook, sampler.lookWallSeconds)
    writer.single(MetricCatalog.lastFullLook, sampler.fullLookWallSeconds)
    writer.single(MetricCatalog.lookSeconds, sampler.lookSeconds)
    writer.single(MetricCatalog.lookCPU, sampler.lookCPUSeconds)
    writer.single(MetricCatalog.turnSeconds, sampler.turnSeconds)
    writer.single(MetricCatalog.turnCPU, sampler.totalCPUSeconds, created: started)
    writer.begin(MetricCatalog.looks)
    writer.sample(["cheap"], sampler.cheapLooks, created: started)
    writer.sample(["full"], sampler.fullLooks, created: started)
    writer.single(MetricCatalog.failedLooks, sampler.failedLooks, created: started)
    writer.single(MetricCatalog.lateTurns, sampler.lateTurns, created: started)
    writer.single(MetricCatalog.interval, sampler.intervalSeconds)
    writer.single(MetricCatalog.backedOff, sampler.isBackedOff ? 1 : 0)
    writer.begin(MetricCatalog.gaps)
    for kind in Gap.Kind.allCases {
      let count = input.gaps.reduce(0) { $1.kind == kind ? $0 + $1.count : $0 }
      writer.sample([kind.rawValue], count)
    }
    writer.single(MetricCatalog.remembered, input.connectionsRemembered)
    writer.single(MetricCatalog.forgotten, input.connectionsFolded)
    writer.single(MetricCatalog.settingsGood, input.settings.isLastReloadGood ? 1 : 0)
    writer.single(MetricCatalog.settingsTime, input.settings.loadedWallSeconds)
    writeJournal(to: &writer, created: started)
    writeWeb(to: &writer, created: started)
  }

  private func writeJournal(to writer: inout ExpositionWriter, created: Double?) {
    writer.begin(MetricCatalog.journal)
    writer.sample(["written"], input.journal.written, created: created)
    writer.sample(["lost"], input.journal.lost, created: created)
    writer.sample(["suppressed"], input.journal.suppressed, created: created)
    writer.single(MetricCatalog.journalQueue, input.journal.queued)
  }

  private func writeWeb(to writer: inout ExpositionWriter, created: Double?) {
    guard let web = input.web else { return }
    writer.single(MetricCatalog.webConfigGood, web.isConfigGood ? 1 : 0)
    writer.single(MetricCatalog.webConnections, web.openConnections)
    writer.single(MetricCatalog.webConnectionLimit, web.connectionLimit)
    writer.begin(MetricCatalog.webTimeouts)
    for (limit, count) in web.timedOut.sorted(by: { $0.key < $1.key }) {
      writer.sample([limit], count, created: created)
    }
  }

  private func writeProcess(to writer: inout ExpositionWriter) {
    guard let process = input.process else { return }
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
    writeFindings(to: &writer)
    OwnerSeries(input, limit: bounds.owners).write(to: &writer)
  }

  private func writeFindings(to writer: inout ExpositionWriter) {
    let active = input.findings.filter { $0.lifecycle != .resolved }
    let firing = active.filter { $0.lifecycle == .firing }
    let pending = active.filter { $0.lifecycle == .pending }
    writer.begin(MetricCatalog.findingsFiring)
    for rule in RuleID.allCases {
      for severity in Severity.allCases {
        let count = firing.count { $0.rule == rule && $0.severity == severity }
        writer.sample([rule.rawValue, severity.name], count)
      }
    }
    writer.begin(MetricCatalog.findingsPending)
    for rule in RuleID.allCases {
      writer.sample([rule.rawValue], pending.count { $0.rule == rule })
    }
    // Firing before pending, each worst first: what is folded matters least.
    let shown = (firing + pending).prefix(bounds.findings)
    writer.single(
      MetricCatalog.findingsFolded, active.count - shown.count + input.findingsDropped)
    writer.begin(MetricCatalog.findingEvents)
    for kind in [FindingEvent.Kind.firing, .worsened, .resolved] {
      writer.sample(
        [kind.rawValue], input.events[kind] ?? 0, created: input.sampler.startedWallSeconds)
    }
    FindingSeries(Array(shown), in: input).write(to: &writer)
  }
}
