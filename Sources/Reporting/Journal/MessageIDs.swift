// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// The `MESSAGE_ID`s of a rule, one for each event: what `journalctl MESSAGE_ID=...` and the
/// catalog go by. 32 lower-case hexadecimal digits.
///
/// Random once (`systemd-id128 new`), and never changed again: people filter by them.
package struct MessageIDs: Hashable, Sendable {
  package var firing: String
  package var worsened: String
  package var resolved: String

  package subscript(kind: FindingEvent.Kind) -> String {
    switch kind {
    case .firing: firing
    case .worsened: worsened
    case .resolved: resolved
    }
  }

  package var all: [String] { [firing, worsened, resolved] }

  /// What `closewatch release` has done.
  package static let release = "9d05e438d4a643efa346aa21a3f71bf2"
}
