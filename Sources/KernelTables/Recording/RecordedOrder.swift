// SPDX-License-Identifier: Apache-2.0

/// What a recording was made for: how long somebody wanted to watch, and by what they judged. A
/// replay that is told nothing else judges by the same.
package struct RecordedOrder: Hashable, Sendable {
  /// The length of the watch that was asked for; nil: none, one look.
  package var watchSeconds: Double?
  /// From one look to the next; nil in recordings from before it was recorded.
  package var intervalSeconds: Double?
  /// Patiences as they were typed: `12s`, `close-wait-leak=5m`.
  package var patience: [String] = []
  /// Rules that were not asked.
  package var disabledRules: [String] = []
  /// Set when the looks were judged as they were taken: the flag that the daemon was not asked
  /// for, which the page names.
  package var judgedFor: String?
  /// Whether the looks were taken by root; nil when it is not known.
  package var wasRoot: Bool?

  package init() {}

  /// The longest watch or interval that is believed: ten years.
  private static let longestSeconds = 10.0 * 366 * 86_400

  static let columns: [RecordColumn<RecordingHeader>] = [
    .optionalFraction("asked_seconds", \.order.watchSeconds, in: 0...longestSeconds),
    .optionalFraction("interval_seconds", \.order.intervalSeconds, in: 0...longestSeconds),
    .list("patience", \.order.patience),
    .list("disabled_rules", \.order.disabledRules),
    .optionalText("judged_for", \.order.judgedFor),
    RecordColumn("root") { row, writer in
      writer.word(row.order.wasRoot.map { $0 ? "yes" : "no" } ?? "-")
    } read: { cell, row throws(CellError) in
      switch cell.word {
      case "yes": row.order.wasRoot = true
      case "no": row.order.wasRoot = false
      case "-": row.order.wasRoot = nil
      default: throw CellError("one of yes no -")
      }
    },
  ].map { $0.ifRecorded() }
}
