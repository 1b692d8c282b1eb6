// SPDX-License-Identifier: Apache-2.0

/// One rule of Prometheus that alerts.
struct AlertRule {
  /// CamelCase, as Prometheus' own: `ClosewatchCloseWaitLeak`.
  var name: String
  /// The query. It fires for each series that the query returns.
  var expression: String
  /// `for`: how long the query must hold, in Prometheus' words (`5m`); nil: at once.
  var wait: String?
  /// `keep_firing_for`: how long it fires on after the query has ended; nil: not at all.
  var hold: String?
  /// nil: the series has the label itself.
  var severity: String?
  /// Whose trouble it is: `sockets` of the program that is named, or `closewatch` itself.
  var area: String
  /// Why it waits as long and is as severe as it is. Written as comments.
  var reason: String
  /// Names and templates, in the order in which they are written.
  var annotations: [(name: String, template: String)]
  /// In a few words, for a list.
  var about = ""
}

/// One rule of Prometheus that records a query under a name: `level:metric:operation`.
struct RecordingRule {
  var name: String
  var expression: String
  /// What it is for. Written as comments.
  var reason: String
}

/// Names of the alerts, and where they come from.
package enum AlertName {
  private static let prefix = "Closewatch"

  /// The alert of a rule: `close-wait-leak` as `ClosewatchCloseWaitLeak`.
  package static func of(_ rule: String) -> String {
    prefix
      + rule.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }

  /// The page of an alert that no single rule explains: `ClosewatchDown` as `down`.
  static func page(of alert: String) -> String {
    alert.dropFirst(prefix.count).reduce(into: "") { name, letter in
      if letter.isUppercase, !name.isEmpty { name += "-" }
      name += letter.lowercased()
    }
  }
}
