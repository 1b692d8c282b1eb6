// SPDX-License-Identifier: Apache-2.0

/// The file of recording and alerting rules for Prometheus, made from the guides: an alert says
/// what `closewatch explain` says.
package enum AlertRulesText {
  /// The whole file, YAML.
  package static func text(_ links: AlertLinks = AlertLinks()) -> String {
    var out = """
      # SPDX-License-Identifier: Apache-2.0
      #
      # Written by `deploy/generate`: do not edit it, put rules of your own beside it.
      # For Prometheus 2.42 or newer (keep_firing_for). How to install it: README.md.
      #
      # Labels of the alerts:
      #   severity  critical: somebody has to act within the hour. warning: within days.
      #             notice: worth knowing.
      #   area      sockets: of the program that is named. closewatch: of the watcher.
      # runbook_url and dashboard_url begin with \(links.runbooks) and
      # \(links.dashboards): put your own in their place (README.md).

      groups:

      """
    out += group("closewatch-records", FleetRecords.reason, FleetRecords.all.map(record))
    out += group("closewatch-findings", FindingAlerts.reason, FindingAlerts.all(links).map(alert))
    out += group("closewatch-capacity", CapacityAlerts.reason, CapacityAlerts.all(links).map(alert))
    out += group("closewatch-watcher", WatcherAlerts.reason, WatcherAlerts.all(links).map(alert))
    return out
  }

  /// A file of its own for a cluster with kube-state-metrics.
  package static func podsText() -> String {
    """
    # SPDX-License-Identifier: Apache-2.0
    #
    # Written by `deploy/generate`: do not edit it. Beside closewatch.rules.yml, whose alerts then
    # say which pod it is where the daemon can't (../kubernetes/README.md).

    groups:

    """ + group("closewatch-pods", PodRecords.reason, PodRecords.all.map(record))
  }

  /// The names of all alerts, in the order of the file.
  package static let alertNames = alerts(AlertLinks()).map(\.name)

  static func alerts(_ links: AlertLinks) -> [AlertRule] {
    FindingAlerts.all(links) + CapacityAlerts.all(links) + WatcherAlerts.all(links)
  }

  /// The names of all recorded series, in the order of the file.
  package static let recordNames = (FleetRecords.all + PodRecords.all).map(\.name)

  /// The hosts whose numbers are old, and how old.
  package static let staleSamples = WatcherAlerts.staleSamples

  /// How full an accept queue is that is worth an alert.
  package static let acceptQueueShare = CapacityAlerts.acceptQueueShare

  private static func group(_ name: String, _ reason: String, _ rules: [String]) -> String {
    comment(reason, indent: 2) + "  - name: \(name)\n    rules:\n" + rules.joined(separator: "\n")
      + "\n"
  }

  private static func record(_ rule: RecordingRule) -> String {
    comment(rule.reason, indent: 6) + "      - record: \(rule.name)\n"
      + value("expr", rule.expression, indent: 8)
  }

  private static func alert(_ rule: AlertRule) -> String {
    var out = comment(rule.reason, indent: 6) + "      - alert: \(rule.name)\n"
    out += value("expr", rule.expression, indent: 8)
    if let wait = rule.wait { out += "        for: \(wait)\n" }
    if let hold = rule.hold { out += "        keep_firing_for: \(hold)\n" }
    out += "        labels:\n          area: \(rule.area)\n"
    if let severity = rule.severity { out += "          severity: \(severity)\n" }
    out += "        annotations:\n"
    for annotation in rule.annotations {
      out += value(annotation.name, annotation.template, indent: 10)
    }
    return out
  }

  private static func comment(_ text: String, indent: Int) -> String {
    text.split(separator: "\n").map { spaces(indent) + "# \($0)\n" }.joined()
  }

  /// A key with a block of text, which YAML takes as it is. None of ours begins with a space.
  private static func value(_ key: String, _ text: String, indent: Int) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return spaces(indent) + "\(key): |-\n"
      + lines.map { $0.isEmpty ? "\n" : spaces(indent + 2) + "\($0)\n" }.joined()
  }

  private static func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }
}
