// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// A threshold of a rule as its page of `explain` tells it.
package struct ThresholdLine: Hashable, Sendable {
  /// The key in the settings: `rules.fewest-stuck`.
  package var name: String
  /// The value that the rule judges with, and its unit: `120 s`, `10`, `80 %`.
  package var value: String
  /// What it decides.
  package var meaning: String
  /// Why the default is what it is.
  package var reason: String
  /// How many times the setting the value is.
  private var factor = 1

  /// The setting that it is made from.
  package var key: String { factor == 1 ? name : "\(factor) x \(name)" }

  /// All that `rule` asks of `settings`.
  package static func all(of rule: RuleID, _ settings: RuleSettings) -> [ThresholdLine] {
    let facts = rule.guide
    return (facts.patience.rule == nil ? [] : [ThresholdLine(facts.patience, settings)])
      + facts.thresholds.map { ThresholdLine($0, settings) }
  }

  private init(_ patience: Patience, _ settings: RuleSettings) {
    let seconds = patience.seconds(settings)
    let isOwn = patience.meaning != nil || seconds == patience.mostSeconds
    name = "rules.\(patience.usual.name)"
    value = Quantity.fixed(seconds, decimals: 0) + " s"
    meaning = patience.meaning ?? patience.usual.meaning
    reason = (isOwn ? patience.reason : nil) ?? patience.usual.reason
  }

  private init(_ threshold: Threshold, _ settings: RuleSettings) {
    name = "rules.\(threshold.name)"
    factor = threshold.factor
    meaning = threshold.meaning
    reason = threshold.reason
    value =
      switch threshold.kind {
      case .seconds(let place, _):
        Quantity.duration(Double(threshold.factor) * settings[keyPath: place])
      case .count(let place, _): Quantity.count(threshold.factor * settings[keyPath: place])
      case .share(let place): Quantity.fixed(settings[keyPath: place] * 100, decimals: 0) + " %"
      }
  }
}
