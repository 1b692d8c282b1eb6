// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// Everything that can be set of `closewatch daemon`.
package struct DaemonSettings: Hashable, Sendable {
  package var sampling = SamplingSettings()
  package var rules = RuleSettings()
  package var journal = JournalSettings()
  package var otlp = OTLPSettings()

  /// Every default.
  package init() {}

  /// The shortest time after which a rule calls something stuck, or over.
  private var shortestWatch: Double {
    rules.patienceByRule.values.reduce(min(rules.patienceSeconds, rules.quietSeconds), min)
  }

  /// The pace that these rules need: what only a full look shows must be seen twice within the
  /// patience, or findings would come and go with it.
  package var pace: SamplingSettings {
    var pace = sampling
    pace.fullInterval = max(
      sampling.interval, min(sampling.fullInterval, shortestWatch / 2))
    return pace
  }
}
