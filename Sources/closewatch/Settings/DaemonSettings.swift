// SPDX-License-Identifier: Apache-2.0

import Diagnosis

/// Everything that can be set of `closewatch daemon`.
struct DaemonSettings: Hashable, Sendable {
  var sampling = SamplingSettings()
  var rules = RuleSettings()
  var journal = JournalSettings()
}
