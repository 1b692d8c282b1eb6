// SPDX-License-Identifier: Apache-2.0

/// What is chosen above the panels, and what is marked on all of them.
extension Dashboard {
  /// Of all hosts first a cluster, then findings by severity and owner.
  var variables: [JSONValue] {
    let place = isOfOneHost ? "instance=\"$instance\"" : "cluster=~\"$cluster\""
    let known = "up{job=\"closewatch\"}"
    return [
      Self.sources,
      isOfOneHost
        ? Self.choice("instance", "Host", "label_values(\(known), instance)", hasAll: false)
        : Self.choice("cluster", "Cluster", "label_values(\(known), cluster)", hasAll: true),
      Self.severities,
      Self.choice(
        "owner", "Owner", "label_values(closewatch_owner_sockets{\(place)}, owner_name)",
        hasAll: true),
    ]
  }

  /// When findings began and ended, at the instant itself, whenever it was scraped.
  var events: [JSONValue] {
    [
      mark("Findings that began", "closewatch_finding_firing_since_timestamp_seconds", "red"),
      mark("Findings that ended", "closewatch_finding_ended_timestamp_seconds", "green"),
    ]
  }

  private func mark(_ name: String, _ series: String, _ colour: String) -> JSONValue {
    [
      "datasource": DashboardPanel.source, "enable": true,
      "expr": .text("\(series){\(selector)} * 1000"), "iconColor": .text(colour),
      "name": .text(name), "step": "60s", "tagKeys": "rule,owner_kind",
      "textFormat": "{{owner_name}} on {{instance}}", "titleFormat": "{{rule}} {{how}}",
      "useValueForTime": "on",
    ]
  }

  private static let sources: JSONValue = [
    "hide": 0, "includeAll": false, "label": "Data source", "multi": false, "name": "datasource",
    "options": [], "query": "prometheus", "refresh": 1, "regex": "", "type": "datasource",
  ]

  private static let everything: JSONValue = [
    "selected": true, "text": ["All"], "value": ["$__all"],
  ]

  private static let severities: JSONValue = [
    "allValue": ".*", "current": everything, "hide": 0, "includeAll": true, "label": "Severity",
    "multi": true, "name": "severity", "options": [], "query": "critical,warning,notice",
    "type": "custom",
  ]

  /// - Parameter hasAll: Whether all of them are shown at first: also series without the label.
  private static func choice(
    _ name: String, _ label: String, _ query: String, hasAll: Bool
  ) -> JSONValue {
    var entries: [JSONValue.Entry] = [
      .init(key: "current", value: hasAll ? everything : [:]),
      .init(key: "datasource", value: DashboardPanel.source),
      .init(key: "definition", value: .text(query)), .init(key: "hide", value: 0),
      .init(key: "includeAll", value: .flag(hasAll)), .init(key: "label", value: .text(label)),
      .init(key: "multi", value: .flag(hasAll)), .init(key: "name", value: .text(name)),
      .init(key: "options", value: []),
      .init(
        key: "query", value: ["query": .text(query), "refId": "StandardVariableQuery"]),
      .init(key: "refresh", value: 2), .init(key: "regex", value: ""),
      .init(key: "sort", value: 1), .init(key: "type", value: "query"),
    ]
    if hasAll { entries.insert(.init(key: "allValue", value: ".*"), at: 0) }
    return .object(entries)
  }
}
