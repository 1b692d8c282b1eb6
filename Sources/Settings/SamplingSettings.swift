// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// How often to look, and what a look may cost.
package struct SamplingSettings: Hashable, Sendable {
  /// Seconds between two looks at every state but ESTABLISHED.
  package var interval = 15.0
  /// Seconds between two looks at everything.
  package var fullInterval = 60.0
  /// Seconds between two looks while CLOSE_WAIT grows fast.
  package var fastestInterval = 1.0
  /// The share of one processor core that closewatch may take. 1 is a whole core.
  package var cpuBudget = 0.02
  package var source = SampleRequest.Source.auto
  /// Whether the kernel counts connects.
  package var countsConnects = false

  /// Every default.
  package init() {}
}
