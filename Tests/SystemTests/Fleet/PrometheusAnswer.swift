// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The answer of Prometheus to a query at one instant.
struct PrometheusAnswer: Decodable {
  /// One series and its value.
  struct Series: Decodable, CustomStringConvertible {
    var metric: [String: String]
    var value: Double

    private enum CodingKeys: String, CodingKey { case metric, value }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      metric = try container.decode([String: String].self, forKey: .metric)
      // The instant, and the number as text.
      var pair = try container.nestedUnkeyedContainer(forKey: .value)
      _ = try pair.decode(Double.self)
      value = Double(try pair.decode(String.self)) ?? .nan
    }

    var description: String { "\(metric) \(value)" }
  }

  private struct Body: Decodable { var result: [Series] }

  var status: String
  var error: String?
  private var data: Body?

  /// What was found; nothing when the query was refused.
  var series: [Series] { data?.result ?? [] }

  init(_ text: String) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
  }
}

/// What Prometheus knows of a metric from the page itself.
struct PrometheusMetadata: Decodable {
  struct Entry: Decodable {
    var type: String
    var unit: String
  }

  var data: [Entry]

  init(_ text: String) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
  }
}

/// A message of Alertmanager to a webhook.
struct Notification: Decodable {
  struct Alert: Decodable {
    var status: String
    var labels: [String: String]
    var annotations: [String: String]
  }

  var receiver: String
  var alerts: [Alert]

  init(_ text: String) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
  }
}

/// An alert that Alertmanager holds, whether it tells of it or not.
struct HeldAlert: Decodable, CustomStringConvertible {
  struct Status: Decodable {
    var state: String
    var inhibitedBy: [String]
  }

  var labels: [String: String]
  var status: Status
  var description: String { "\(labels) \(status)" }

  /// All that an answer has.
  static func all(in text: String) throws -> [HeldAlert] {
    try JSONDecoder().decode([HeldAlert].self, from: Data(text.utf8))
  }
}

/// A dashboard of Grafana, as far as the tests read it.
struct Dashboard: Decodable {
  struct Target: Decodable { var expr: String }
  struct Source: Decodable { var uid: String }
  struct FieldConfig: Decodable { var defaults: Defaults }
  struct Defaults: Decodable { var unit: String? }
  struct Panel: Decodable {
    var id: Int
    var title: String
    var type: String
    var description: String?
    var datasource: Source?
    var fieldConfig: FieldConfig?
    var targets: [Target]?
  }

  struct Annotation: Decodable {
    var name: String
    var expr: String
  }
  struct Annotations: Decodable { var list: [Annotation] }
  struct Variable: Decodable {
    var name: String
    var allValue: String?
  }
  struct Templating: Decodable { var list: [Variable] }

  var uid: String
  var title: String
  var panels: [Panel]
  var annotations: Annotations
  var templating: Templating

  /// All that it asks, with the title of who does.
  var queries: [(title: String, expression: String)] {
    panels.flatMap { panel in (panel.targets ?? []).map { (panel.title, $0.expr) } }
      + annotations.list.map { ($0.name, $0.expr) }
  }

  init(_ text: String) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
  }
}

/// What Prometheus says of what it scrapes.
struct PrometheusTargets: Decodable {
  struct Target: Decodable, CustomStringConvertible {
    var labels: [String: String]
    var health: String
    var lastError: String
    var description: String { "\(labels["job"] ?? "") \(health) \(lastError)" }
  }

  private struct Body: Decodable { var activeTargets: [Target] }
  private var data: Body

  /// The only one of a job.
  subscript(job: String) -> Target? { data.activeTargets.first { $0.labels["job"] == job } }

  init(_ text: String) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
  }
}
