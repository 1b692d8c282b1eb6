// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import LinuxHost
import Reporting
import Settings
import TestSupport
import Testing

@testable import closewatchd

/// No two numbers on one page of metrics contradict each other, whatever the host.
@Suite struct MetricsSumTests {
  private typealias Labels = [String: String]

  /// Every page that a daemon would have served while a recording was made.
  private static func pages(_ scenario: RecordedScenario) throws -> [ExpositionText] {
    var settings = DaemonSettings()
    settings.rules.patienceSeconds = 12
    var engine = TurnEngine(
      host: try RecordedHost(directory: scenario.directory), settings: settings)
    var snapshot = DaemonSnapshot(startedAt: BootInstant(seconds: 0), startedWallSeconds: 0)
    var pages: [ExpositionText] = []
    var turns = 0
    while let outcome = try? engine.turn(turns % 3 == 0 ? .full : .cheap) {
      turns += 1
      let census = try #require(engine.watch.census)
      snapshot.newestSample = outcome.look
      snapshot.findings = engine.watch.findings
      snapshot.take(
        HostPicture(
          census, patienceSeconds: settings.rules.patienceSeconds, before: snapshot.picture))
      pages.append(try ExpositionText(MetricsPage(snapshot).bytes(.prometheusText)))
    }
    return pages
  }

  @Test(arguments: RecordedScenario.all)
  func `the sums of owners equal the sockets by state, and none has more stuck than it has`(
    _ scenario: RecordedScenario
  ) throws {
    let pages = try Self.pages(scenario)
    #expect(pages.count > 1)
    for page in pages { try Self.check(page) }
  }

  private static func check(_ page: ExpositionText) throws {
    let owned = page.samples.filter { $0.name == "closewatch_owner_sockets" }
    for state in TCPState.shown.map({ $0.name.lowercased() }) {
      let all = page.samples.filter {
        $0.name == "closewatch_sockets" && $0.labels["state"] == state
      }
      #expect(
        owned.filter { $0.labels["state"] == state }.reduce(0) { $0 + $1.value }
          == all.reduce(0) { $0 + $1.value }, "\(state)")
    }
    for stuck in page.samples where stuck.name == "closewatch_owner_stuck_sockets" {
      let total = owned.first { $0.labels == stuck.labels }
      // Of an owner that is shown by name in both; there are never that many here.
      #expect(stuck.value <= (total?.value ?? 0), "\(stuck)")
    }
    let known = Set(owned.map { Self.owner($0.labels) })
    for finding in page.samples where finding.name == "closewatch_finding" {
      guard finding.labels["owner_kind"] != "kernel" else { continue }
      #expect(known.contains(Self.owner(finding.labels)), "\(finding)")
    }
  }

  private static func owner(_ labels: Labels) -> Labels {
    labels.filter { ["owner_kind", "owner_name"].contains($0.key) }
  }
}
