// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// A threshold of a rule as its page of `explain` tells it.
package struct ThresholdLine: Hashable, Sendable {
  /// The key in the settings: `rules.fewest-stuck`.
  package var name: String
  /// The value that the rule judges with, and its unit: `2 min`, `10`, `80 %`.
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
    value = Self.time(seconds)
    meaning = patience.meaning ?? patience.usual.meaning
    reason = (isOwn ? patience.reason : nil) ?? patience.usual.reason
  }

  /// Exactly what was set, in the largest unit of which it is a whole number: `2 min`, `90 s`.
  private static func time(_ seconds: Double) -> String {
    let units = [(86_400.0, "d"), (3600, "h"), (60, "min")]
    for (size, name) in units
    where seconds >= size && seconds.truncatingRemainder(dividingBy: size) == 0 {
      return Quantity.fixed(seconds / size, decimals: 0) + " " + name
    }
    return Quantity.fixed(seconds, decimals: seconds == seconds.rounded() ? 0 : 3) + " s"
  }

  private init(_ threshold: Threshold, _ settings: RuleSettings) {
    name = "rules.\(threshold.name)"
    factor = threshold.factor
    meaning = threshold.meaning
    reason = threshold.reason
    value =
      switch threshold.kind {
      case .seconds(let place, _):
        Self.time(Double(threshold.factor) * settings[keyPath: place])
      case .count(let place, _): Quantity.count(threshold.factor * settings[keyPath: place])
      case .share(let place): Quantity.fixed(settings[keyPath: place] * 100, decimals: 0) + " %"
      }
  }
}
