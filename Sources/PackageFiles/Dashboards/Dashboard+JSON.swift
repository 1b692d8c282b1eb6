// SPDX-License-Identifier: Apache-2.0

import Reporting

extension Dashboard {
  /// What Grafana imports.
  func json(_ links: AlertLinks) -> JSONValue {
    [
      "annotations": ["list": .list(events)], "description": .text(about), "editable": true,
      "graphTooltip": 1,
      "links": [
        [
          "asDropdown": false, "icon": "dashboard", "includeVars": false, "keepTime": true,
          "tags": [], "targetBlank": false,
          "title": .text(other.prefix(1).uppercased() + other.dropFirst()), "tooltip": "",
          "type": "link", "url": "/d/closewatch-\(other)?var-datasource=${datasource}",
        ]
      ],
      "panels": .list(panels(links)), "refresh": "30s", "schemaVersion": 38, "tags": ["closewatch"],
      "templating": ["list": .list(variables)],
      "time": ["from": "now-6h", "to": "now"], "timezone": "browser",
      "title": "closewatch: \(name)", "uid": "closewatch-\(name)", "version": 1,
    ]
  }

  /// From left to right and from top to bottom, as they are listed.
  private func panels(_ links: AlertLinks) -> [JSONValue] {
    var out: [JSONValue] = []
    var y = 0
    for row in rows {
      out.append([
        "collapsed": false, "gridPos": Self.place(0, y, 24, 1),
        "id": .number(Double(out.count + 1)), "panels": [], "title": .text(row.title),
        "type": "row",
      ])
      y += 1
      var x = 0
      var height = 0
      for panel in row.panels {
        if x + panel.width > 24 {
          x = 0
          y += height
        }
        out.append(
          panel.json(
            id: out.count + 1, place: Self.place(x, y, panel.width, panel.height),
            linksToHosts: !isOfOneHost, links: links))
        x += panel.width
        height = panel.height
      }
      y += height
    }
    return out
  }

  private static func place(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> JSONValue {
    [
      "h": .number(Double(height)), "w": .number(Double(width)), "x": .number(Double(x)),
      "y": .number(Double(y)),
    ]
  }
}

extension DashboardPanel {
  static let source: JSONValue = ["type": "prometheus", "uid": "${datasource}"]

  fileprivate func json(
    id: Int, place: JSONValue, linksToHosts: Bool, links: AlertLinks
  ) -> JSONValue {
    var entries: [JSONValue.Entry] = [
      .init(key: "datasource", value: Self.source), .init(key: "description", value: .text(about)),
      .init(
        key: "fieldConfig",
        value: [
          "defaults": .object([.init(key: "unit", value: .text(unit))] + look),
          "overrides": .list(overrides(linksToHosts: linksToHosts, links)),
        ]),
      .init(key: "gridPos", value: place), .init(key: "id", value: .number(Double(id))),
      .init(key: "options", value: options),
      .init(key: "targets", value: .list(zip("ABCDEFGH", queries).map(target))),
      .init(key: "title", value: .text(title)), .init(key: "type", value: .text(type)),
    ]
    if case .table(let columns, let hidden, _, _, _) = kind {
      entries.append(.init(key: "transformations", value: [Self.order(columns, hidden)]))
    }
    return .object(entries)
  }

  private var type: String {
    switch kind {
    case .number: "stat"
    case .curves: "timeseries"
    case .table: "table"
    }
  }

  /// How the values look, beside their unit.
  private var look: [JSONValue.Entry] {
    switch kind {
    case .number(let none, let steps, let isAnswer):
      let answers: JSONValue = [
        [
          "type": "value",
          "options": [
            "0": ["text": "no", "color": "red", "index": 0],
            "1": ["text": "yes", "color": "green", "index": 1],
          ],
        ]
      ]
      return [
        .init(key: "color", value: ["mode": "thresholds"]),
        .init(key: "noValue", value: .text(none)),
        .init(key: "thresholds", value: Self.thresholds(steps)),
        .init(key: "mappings", value: isAnswer ? answers : []),
      ]
    case .curves(let isStacked, let limit, let most):
      var custom: [JSONValue.Entry] = [
        .init(key: "drawStyle", value: "line"),
        .init(key: "fillOpacity", value: isStacked ? 25 : 5), .init(key: "lineWidth", value: 1),
        .init(key: "showPoints", value: "never"), .init(key: "spanNulls", value: false),
        .init(key: "stacking", value: ["group": "A", "mode": isStacked ? "normal" : "none"]),
      ]
      var entries: [JSONValue.Entry] = []
      if let limit {
        custom.append(.init(key: "thresholdsStyle", value: ["mode": "line"]))
        let steps = [Step(colour: "transparent", from: nil), Step(colour: "red", from: limit)]
        entries.append(.init(key: "thresholds", value: Self.thresholds(steps)))
      }
      if let most { entries.append(.init(key: "max", value: .number(most))) }
      return [
        .init(key: "color", value: ["mode": "palette-classic"]),
        .init(key: "custom", value: .object(custom)), .init(key: "min", value: 0),
      ] + entries
    case .table:
      return [.init(key: "custom", value: ["align": "auto", "filterable": true])]
    }
  }

  private var options: JSONValue {
    switch kind {
    case .number:
      [
        "colorMode": "value", "graphMode": "none", "justifyMode": "auto", "orientation": "auto",
        "reduceOptions": ["calcs": ["lastNotNull"], "fields": "", "values": false],
        "textMode": "value",
      ]
    case .curves:
      [
        "legend": [
          "calcs": ["lastNotNull", "max"], "displayMode": "table", "placement": "right",
          "showLegend": true,
        ],
        "tooltip": ["mode": "multi", "sort": "desc"],
      ]
    case .table(_, _, let sorted, let isDescending, _):
      [
        "cellHeight": "sm", "footer": ["show": false], "showHeader": true,
        "sortBy": [["desc": .flag(isDescending), "displayName": .text(sorted)]],
      ]
    }
  }

  private func target(_ id: Character, _ query: Query) -> JSONValue {
    var entries: [JSONValue.Entry] = [
      .init(key: "datasource", value: Self.source), .init(key: "editorMode", value: "code"),
      .init(key: "expr", value: .text(query.expression)),
      .init(key: "legendFormat", value: .text(query.legend)),
    ]
    // Curves ask for a range, everything else for now.
    let isRange = type == "timeseries"
    entries += [
      .init(key: "range", value: .flag(isRange)), .init(key: "instant", value: .flag(!isRange)),
      .init(key: "refId", value: .text(String(id))),
    ]
    if !isRange {
      entries.append(.init(key: "format", value: type == "table" ? "table" : "time_series"))
    }
    return .object(entries)
  }

  private static func thresholds(_ steps: [Step]) -> JSONValue {
    [
      "mode": "absolute",
      "steps": .list(
        steps.map { ["color": .text($0.colour), "value": $0.from.map(JSONValue.number) ?? .null] }),
    ]
  }
}

// MARK: Tables

extension DashboardPanel {
  /// The columns from left to right, with their titles.
  fileprivate static func order(_ columns: [Column], _ hidden: [String]) -> JSONValue {
    let places = columns.enumerated().map {
      JSONValue.Entry(key: $0.element.label, value: .number(Double($0.offset)))
    }
    return [
      "id": "organize",
      "options": [
        "excludeByName": .object(
          (["Time", "__name__", "job"] + hidden).map { .init(key: $0, value: true) }),
        "indexByName": .object(places),
        "renameByName": .object(columns.map { .init(key: $0.label, value: .text($0.title)) }),
      ],
    ]
  }

  /// What single columns have of their own.
  fileprivate func overrides(linksToHosts: Bool, _ links: AlertLinks) -> [JSONValue] {
    guard case .table(let columns, let hidden, _, _, let valueUnit) = kind else { return [] }
    let shown = columns.filter { !hidden.contains($0.label) }
    var out: [JSONValue] = []
    if let value = shown.first(where: { $0.label == "Value" }) {
      out.append(Self.override(value.title, "unit", .text(valueUnit)))
    }
    if linksToHosts, let host = shown.first(where: { $0.label == "instance" }) {
      let url =
        "/d/closewatch-host?var-datasource=${datasource}"
        + "&var-instance=${__value.text:percentencode}&${__url_time_range}"
      out.append(
        Self.override(
          host.title, "links", [["title": "Host", "targetBlank": false, "url": .text(url)]]))
    }
    if let rule = shown.first(where: { $0.label == "rule" }) {
      let url = "\(links.runbooks)/${__value.text:percentencode}.md"
      let title = "Runbook: what closewatch explain says of it"
      out.append(
        Self.override(
          rule.title, "links", [["title": .text(title), "targetBlank": true, "url": .text(url)]]))
    }
    if let severity = shown.first(where: { $0.label == "severity" }) {
      out.append([
        "matcher": ["id": "byName", "options": .text(severity.title)],
        "properties": [
          ["id": "custom.cellOptions", "value": ["type": "color-text"]],
          ["id": "mappings", "value": Self.severities],
        ],
      ])
    }
    return out
  }

  private static let severities: JSONValue = [
    [
      "type": "value",
      "options": [
        "critical": ["color": "red", "index": 0], "warning": ["color": "orange", "index": 1],
        "notice": ["color": "blue", "index": 2],
      ],
    ]
  ]

  private static func override(_ column: String, _ id: String, _ value: JSONValue) -> JSONValue {
    [
      "matcher": ["id": "byName", "options": .text(column)],
      "properties": [["id": .text(id), "value": value]],
    ]
  }
}
