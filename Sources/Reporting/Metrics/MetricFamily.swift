// SPDX-License-Identifier: Apache-2.0

/// One metric: what it is called, what it means, and which labels tell its series apart.
package struct MetricFamily: Hashable, Sendable {
  /// What the numbers are.
  package enum Kind: Hashable, Sendable {
    /// Only rises, until what counts restarts. Its samples end in `_total`.
    case counter
    case gauge
    /// Always 1: the labels are the message. Its samples end in `_info`.
    case info
  }

  /// The name of the family, as OpenMetrics has it: without `_total` and `_info`.
  package let name: String
  package let kind: Kind
  /// The base unit (`seconds`, `bytes`), which is then the last word of ``name``.
  package let unit: String?
  /// The names of the labels, in the order in which samples give their values.
  package let labels: [String]
  /// Meaning, source, and when it is untrue.
  package let help: String

  init(
    _ name: String, _ kind: Kind, unit: String? = nil, labels: [String] = [], help: String
  ) {
    self.name = name
    self.kind = kind
    self.unit = unit
    self.labels = labels
    self.help = help
  }

  /// The name that its samples carry, and that a query uses.
  package var sampleName: String {
    switch kind {
    case .counter: name + "_total"
    case .gauge: name
    case .info: name + "_info"
    }
  }
}
