// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// The `MESSAGE_ID`s of a rule, one for each event, and one for each cause when it begins: what
/// `journalctl MESSAGE_ID=...` and the catalog go by. 32 lower-case hexadecimal digits.
///
/// Random once (`systemd-id128 new`), and never changed again: people filter by them.
package struct MessageIDs: Hashable, Sendable {
  /// Of the rule's first cause.
  package var firing: String
  package var worsened: String
  package var resolved: String
  /// Firing, for each of the other causes.
  package var others: [Cause: String] = [:]

  package subscript(kind: FindingEvent.Kind, cause: Cause) -> String {
    switch kind {
    case .firing: others[cause] ?? firing
    case .worsened: worsened
    case .resolved: resolved
    }
  }

  package var all: [String] { [firing, worsened, resolved] + others.values.sorted() }

  /// What `closewatch release` has done.
  package static let release = "9d05e438d4a643efa346aa21a3f71bf2"
}
