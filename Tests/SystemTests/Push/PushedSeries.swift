// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// A series by the name and labels that Prometheus knows it by, wherever it was read.
///
/// The names of a push are turned into Prometheus' as its own receiver does it (the translation of
/// OTLP in prometheus/otlptranslator), so that the two are compared by what a user would see.
enum PushedSeries {
  struct Key: Hashable, CustomStringConvertible {
    var name: String
    var labels: [String: String]

    var description: String { "\(name)\(labels)" }
  }

  /// What changes from one moment to the next, or is about the web server that is asked.
  private static let restless = [
    "process_cpu", "process_resident", "process_virtual", "process_open_fds", "process_memory",
    "process_unix", "closewatch_web_connections", "closewatch_otlp_",
    "closewatch_settings_loaded", "closewatch_series",
  ]

  static func all(of page: ExpositionText) -> [Key: Double] {
    var found: [Key: Double] = [:]
    for sample in page.samples where !restless.contains(where: sample.name.hasPrefix) {
      found[Key(name: sample.name, labels: sample.labels.filter { !$0.value.isEmpty })] =
        sample.value
    }
    return found
  }

  static func all(of request: Collector.Request) -> [Key: Double] {
    var found: [Key: Double] = [:]
    for metric in request.metrics {
      let name = prometheusName(of: metric)
      for point in metric.points where !restless.contains(where: name.hasPrefix) {
        let labels = point.attributes.map { (underscored($0.key), $0.value) }
        found[Key(name: name, labels: Dictionary(uniqueKeysWithValues: labels))] =
          Double(point.value)
      }
    }
    return found
  }

  private static func prometheusName(of metric: Collector.Request.Metric) -> String {
    var name = underscored(metric.name)
    let unit = ["s": "seconds", "By": "bytes"][metric.unit] ?? ""
    if !unit.isEmpty, !name.split(separator: "_").contains(Substring(unit)) { name += "_" + unit }
    if metric.monotonic == true, !name.hasSuffix("_total") { name += "_total" }
    return name
  }

  private static func underscored(_ name: String) -> String {
    String(name.map { $0 == "." ? "_" : $0 })
  }
}
