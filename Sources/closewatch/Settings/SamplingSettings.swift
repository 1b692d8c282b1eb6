// SPDX-License-Identifier: Apache-2.0

import LinuxHost

/// How often to look, and what a look may cost.
struct SamplingSettings: Hashable, Sendable {
  /// Seconds between two looks at every state but ESTABLISHED.
  var interval = 15.0
  /// Seconds between two looks at everything.
  var fullInterval = 60.0
  /// Seconds between two looks while CLOSE_WAIT grows fast.
  var fastestInterval = 1.0
  /// The share of one processor core that closewatch may take. 1 is a whole core.
  var cpuBudget = 0.02
  var source = SampleRequest.Source.auto
}
