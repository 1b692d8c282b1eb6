// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// How a triage is written.
package enum TriageFormat: String, ExpressibleByArgument, CaseIterable {
  /// A page for a terminal.
  case text
  /// One object for a program.
  case json
  /// For an incident channel.
  case markdown
}
