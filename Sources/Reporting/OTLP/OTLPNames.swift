// SPDX-License-Identifier: Apache-2.0

/// What a metric and its labels are called in OTLP: as on the page of metrics, but where the
/// semantic conventions of OpenTelemetry have a name for the same thing. This is the one place that
/// says so, and `deploy/README.md` shows it.
///
/// A metric is called like its family: a receiver that makes Prometheus' names adds `_total` to a
/// sum and the unit where it is missing, and arrives at those of the page.
package enum OTLPNames {
  /// What the conventions have for one of our metrics.
  package struct Convention: Sendable {
    /// The family, and its name there.
    package var family: MetricFamily
    package var name: String
    /// The unit by UCUM.
    var unit: String
    /// Their instrument is an up-down counter, which is a sum, where ours is a gauge.
    var isSum: Bool
  }

  /// Source: semantic conventions 1.45, "OS process metrics".
  package static let metrics: [Convention] = [
    Convention(
      family: MetricCatalog.processCPU, name: "process.cpu.time", unit: "s", isSum: true),
    Convention(
      family: MetricCatalog.processResident, name: "process.memory.usage", unit: "By", isSum: true),
    Convention(
      family: MetricCatalog.processVirtual, name: "process.memory.virtual", unit: "By",
      isSum: true),
    Convention(
      family: MetricCatalog.processDescriptors, name: "process.unix.file_descriptor.count",
      unit: "{file_descriptor}", isSum: true),
  ]

  /// Labels that the conventions have an attribute for. `state` is not among them: they write
  /// fin_wait_1 and syn_received, and alerts and dashboards ask for the kernel's words.
  package static let labels = [
    ("container_id", "container.id"), ("container_name", "container.name"),
    ("pod_name", "k8s.pod.name"), ("pod_namespace", "k8s.namespace.name"),
    ("pod_uid", "k8s.pod.uid"),
  ]

  /// The name of a container in the specification of its pod: another than the runtime's own.
  package static let containerOfPod = "k8s.container.name"

  static func convention(for family: MetricFamily) -> Convention? {
    metrics.first { $0.family == family }
  }

  /// The attributes of a sample. An empty label is none: Prometheus means the same by both.
  static func attributes(
    of family: MetricFamily, _ values: [String]
  ) -> [(key: String, value: String)] {
    zip(family.labels, values).compactMap { label, value in
      value.isEmpty ? nil : (key(of: label, of: family, values), value)
    }
  }

  private static func key(
    of label: String, of family: MetricFamily, _ values: [String]
  ) -> String {
    guard let found = labels.first(where: { $0.0 == label }) else { return label }
    let pod = family.labels.firstIndex(of: "pod_name").map { values[$0] } ?? ""
    return label == "container_name" && !pod.isEmpty ? containerOfPod : found.1
  }

  /// A unit as UCUM writes it. Numbers of things have none: "1" would make them ratios to a
  /// receiver that makes Prometheus' names.
  static func unit(of family: MetricFamily) -> String {
    switch family.unit {
    case "seconds": "s"
    case "bytes": "By"
    case let unit: unit ?? ""
    }
  }
}
