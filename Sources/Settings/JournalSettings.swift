// SPDX-License-Identifier: Apache-2.0

/// What goes to the journal, and how much.
package struct JournalSettings: Hashable, Sendable {
  /// Whether finding events are written as structured entries.
  package var isEnabled = true
  /// Entries a minute at most; the rest is counted.
  package var entriesPerMinute = 60
  /// Entries kept while journald is away; the oldest go first.
  package var queueLength = 256

  /// Every default.
  package init() {}
}
