// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The series of single findings.
struct FindingSeries {
  private let findings: [Finding]
  private let snapshot: DaemonSnapshot
  private let places: PlaceLabels

  init(_ findings: [Finding], in snapshot: DaemonSnapshot) {
    self.findings = findings
    self.snapshot = snapshot
    places = PlaceLabels(snapshot.picture)
  }

  func write(to writer: inout ExpositionWriter) {
    writer.begin(MetricCatalog.finding)
    for finding in findings {
      let port = finding.localPort.map(String.init) ?? ""
      writer.sample(
        labels(finding) + [
          finding.cause.rawValue, finding.severity.name, finding.lifecycle.rawValue,
          places.label(finding.namespace, name: finding.namespaceName), port,
          finding.becauseOf ?? "", finding.root?.kind.rawValue ?? "",
          // One that is no longer accepted is like any other.
          finding.accepted.flatMap { $0.standing == .inForce ? $0.standing.rawValue : nil } ?? "",
        ], 1)
    }
    each(MetricCatalog.findingSockets, to: &writer) { Double($0.sockets) }
    each(MetricCatalog.findingGrowth, to: &writer) { $0.growth?.perSecond }
    each(MetricCatalog.findingOldest, to: &writer) { finding in
      guard let age = finding.oldest, age.bound != .unknown,
        let now = snapshot.newestSample?.takenAt
      else { return nil }
      return snapshot.wallSeconds(of: now.advanced(bySeconds: -age.seconds))
    }
    each(MetricCatalog.findingSince, to: &writer) { finding in
      finding.firingSince.flatMap { snapshot.wallSeconds(of: $0) }
    }
    eachForecast(MetricCatalog.findingForecast, to: &writer) { $0.seconds }
    eachForecast(MetricCatalog.findingUsed, to: &writer) { Double($0.used) }
    eachForecast(MetricCatalog.findingLimit, to: &writer) { Double($0.limit) }
  }

  /// When and how each of some has ended.
  func writeEnds(to writer: inout ExpositionWriter) {
    writer.begin(MetricCatalog.findingEnded)
    for finding in findings {
      guard let end = finding.end, let at = snapshot.wallSeconds(of: end.at) else { continue }
      writer.sample(labels(finding) + [JournalEvent.End(end).how.rawValue], at)
    }
  }

  private func labels(_ finding: Finding) -> [String] {
    [finding.id, finding.rule.rawValue, finding.owner.kind.rawValue, finding.owner.name]
  }

  private func each(
    _ family: MetricFamily, to writer: inout ExpositionWriter, value: (Finding) -> Double?
  ) {
    writer.begin(family)
    for finding in findings {
      if let value = value(finding) { writer.sample(labels(finding), value) }
    }
  }

  private func eachForecast(
    _ family: MetricFamily, to writer: inout ExpositionWriter, value: (Forecast) -> Double?
  ) {
    writer.begin(family)
    for finding in findings {
      guard let forecast = finding.forecast, let value = value(forecast) else { continue }
      writer.sample(labels(finding) + [forecast.resource.rawValue], value)
    }
  }
}

/// Network namespaces as values of a label.
struct PlaceLabels {
  private let known: [NetnsID: NamespaceSample]

  init(_ picture: HostPicture) {
    known = Dictionary(
      picture.namespaces.map { ($0.id, $0.sample) }, uniquingKeysWith: { a, _ in a })
  }

  /// `own`, the name, or the inode as `/proc/PID/ns/net` shows it.
  func label(_ id: NetnsID, name: String? = nil) -> String {
    if known[id]?.isOwn == true { return "own" }
    let name = known[id]?.name ?? name
    // A namespace that is called own must not pass for it.
    return name.flatMap { $0 == "own" ? nil : $0 } ?? "net:[\(id.rawValue)]"
  }
}
