// SPDX-License-Identifier: Apache-2.0

/// One thing that closewatch needs, whether it is here, and what to do.
package struct DoctorCheck: Hashable, Sendable {
  /// How it stands.
  package enum State: String, Hashable, Sendable, CaseIterable {
    case ok, limited, missing
  }

  /// What is checked, in kebab-case.
  package var name: String
  package var state: State
  /// What was found, in one sentence without a full stop.
  package var found: String
  /// What to do; nil when there is nothing to do.
  package var fix: String?
  /// Whether verdicts depend on it. What only the daemon uses does not change the exit status.
  package var isNeeded: Bool

  /// A check; needed and without a fix unless said.
  package init(
    _ name: String, _ state: State, _ found: String, fix: String? = nil, isNeeded: Bool = true
  ) {
    self.name = name
    self.state = state
    self.found = found
    self.fix = fix
    self.isNeeded = isNeeded
  }
}
