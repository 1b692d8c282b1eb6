// SPDX-License-Identifier: Apache-2.0

/// What goes to the journal, and how much.
struct JournalSettings: Hashable, Sendable {
  /// Whether finding events are written as structured entries.
  var isEnabled = true
  /// Entries a minute at most; the rest is counted.
  var entriesPerMinute = 60
  /// Entries kept while journald is away; the oldest go first.
  var queueLength = 256
}
