// SPDX-License-Identifier: Apache-2.0

/// One panel of a dashboard: what it asks, and how it shows the answer.
struct DashboardPanel: Sendable {
  /// A query of Prometheus, and what its series are called; `__auto` lets Grafana choose.
  struct Query: Sendable {
    var expression: String
    var legend = "__auto"
  }

  /// A colour from a value on; nil: from below everything.
  struct Step: Sendable {
    var colour: String
    var from: Double?
  }

  /// A column of a table: the label of the series, or `Value`, and its title.
  struct Column: Sendable {
    var label: String
    var title: String
  }

  enum Kind: Sendable {
    /// One number.
    ///
    /// - Parameters:
    ///   - none: What stands there when there is no answer.
    ///   - isAnswer: 0 and 1 are shown as no and yes.
    case number(none: String, steps: [Step], isAnswer: Bool = false)
    /// Curves over time.
    ///
    /// - Parameters:
    ///   - limit: Where a line warns.
    ///   - most: The top of the scale.
    case curves(isStacked: Bool = false, limit: Double? = nil, most: Double? = nil)
    /// - Parameters:
    ///   - hidden: Labels without a column, beside those that no table shows.
    ///   - sorted: The title of the column it is sorted by.
    ///   - valueUnit: Of the column `Value`.
    case table(
      [Column], hidden: [String] = [], sorted: String, isDescending: Bool = true,
      valueUnit: String)
  }

  var title: String
  /// A sentence.
  var about: String
  /// In the words of Grafana.
  var unit: String
  var width: Int
  var height: Int
  var kind: Kind
  var queries: [Query]
}

/// A page of Grafana.
struct Dashboard: Sendable {
  /// Panels under a title.
  struct Row: Sendable {
    var title: String
    var panels: [DashboardPanel]
  }

  /// `fleet`: of `closewatch-fleet`.
  var name: String
  /// Sentences.
  var about: String
  /// The dashboard that it links to.
  var other: String
  /// Whether a host is chosen.
  var isOfOneHost: Bool
  /// What chooses the findings whose events are marked on every curve.
  var selector: String
  var rows: [Row]
}
