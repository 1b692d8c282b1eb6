// SPDX-License-Identifier: Apache-2.0

import Console
import Diagnosis
import KernelTables
import LinuxHost
import Reporting
import Settings

extension Sampler {
  /// What a question about the host comes to.
  enum Triage: Sendable {
    case report(TriageReport)
    /// There is no knowledge that could be relied on: why, in one line.
    case unready(String)
    /// Nothing is known of what was asked for.
    case unknown(String)
  }

  /// Why sockets can neither be listed nor counted until the next look; nil: they can.
  private var rowlessBecause: String? {
    guard engine.watch.census?.hasRows == false else { return nil }
    return "its last look failed" + (store.snapshot.cost.lastFailure.map { ": \($0)" } ?? "")
  }

  /// Puts together what is known, without a look of its own.
  func triage(of target: TriageTarget?) -> Triage {
    let snapshot = store.snapshot
    let failure = snapshot.cost.lastFailure
    guard let census = engine.watch.census, let newest = snapshot.newestSample else {
      return .unready("it has not looked yet" + (failure.map { ": \($0)" } ?? ""))
    }
    let now = Clock.boot
    let age = now.seconds(since: newest.takenAt)
    guard age <= snapshot.cost.freshSeconds else {
      return .unready(
        "its last look was \(Quantity.duration(age)) ago" + (failure.map { ": \($0)" } ?? ""))
    }
    if let rowlessBecause { return .unready(rowlessBecause) }
    let findings = engine.watch.findings.filter { target?.admits($0) ?? true }
    // The daemon has the rights that its unit gives it; doctor says which it lacks.
    let summary = TriageCensus(
      census, patienceSeconds: settings.rules.patienceSeconds, target: target, besides: findings,
      gaps: snapshot.gaps, wasReadAsRoot: true)
    if let target, !summary.hasSeen, findings.isEmpty {
      return .unknown(
        target.absence(snapshot.gaps, isRoot: true)
          + ", by the daemon's look \(Quantity.duration(age)) ago;"
          + " --no-daemon looks now")
    }
    var watch = DaemonWatch(
      since: census.firstLookAt, newestLookAt: newest.takenAt, askedAt: now,
      intervalSeconds: pace.intervalSeconds, isBackedOff: pace.isBackedOff,
      patienceSeconds: settings.rules.patienceSeconds)
    if !census.sample.states.contains(.established) {
      watch.establishedAt = snapshot.fullSample?.takenAt
    }
    var report = TriageReport(
      findings: findings, census: summary, watchedSeconds: census.watchedSeconds,
      source: .daemon(watch))
    report.target = target
    report.leftOut = engine.watch.leftOut
    report.hostName = HostName.current
    report.version = BuildInfo.version
    return .report(report)
  }

  /// What a question about the sockets of a finding comes to.
  enum Sockets: Sendable {
    case list(FindingSockets)
    /// Nothing can be listed now: why, in one line.
    case unready(String)
    /// There is no such finding.
    case unknown
  }

  /// The sockets of the finding that a page's address names.
  func sockets(of query: String) -> Sockets {
    guard let census = engine.watch.census,
      let finding = FindingSocketsPage.finding(query, among: engine.watch.findings)
    else { return .unknown }
    if let rowlessBecause { return .unready(rowlessBecause) }
    return .list(FindingSockets(finding, in: census, most: FindingSocketsPage.most))
  }
}
