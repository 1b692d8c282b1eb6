// SPDX-License-Identifier: Apache-2.0

import Diagnosis

/// Where the links of an alert lead: the one place that says it. `deploy/generate` takes others
/// with --runbooks and --dashboards.
package struct AlertLinks: Hashable, Sendable {
  /// Where the pages of `deploy/runbooks` are served, without a slash at its end.
  package var runbooks = "https://runbooks.example/closewatch"
  /// The root of Grafana, without a slash at its end.
  package var dashboards = "https://grafana.example"

  package init() {}

  /// The page of a rule.
  func runbook(_ rule: RuleID) -> String { runbook(rule.rawValue) }

  /// A page by its name.
  func runbook(_ page: String) -> String { "\(runbooks)/\(page).md" }

  /// The section of an alert on closewatch itself.
  func watcherRunbook(_ alert: String) -> String {
    "\(runbook(RunbookPages.watcherName))#\(alert.lowercased())"
  }

  /// The dashboard of the host that an alert is about.
  var hostDashboard: String {
    "\(dashboards)/d/closewatch-host?var-instance={{ $labels.instance | urlquery }}"
  }

  /// For an alert that is about no host.
  var fleetDashboard: String { "\(dashboards)/d/closewatch-fleet" }
}
