// SPDX-License-Identifier: Apache-2.0

/// One setting of the daemon as closewatch.yaml(5) tells it.
package struct ManualSetting: Hashable, Sendable {
  /// A part of the file.
  package struct Section: Hashable, Sendable {
    package var name: String
    /// One sentence.
    package var about: String
    package var settings: [ManualSetting]

    package init(name: String, about: String, settings: [ManualSetting]) {
      self.name = name
      self.about = about
      self.settings = settings
    }
  }

  /// The key within its section.
  package var name: String
  /// The variable of the environment that overrides it.
  package var variable: String
  /// What it takes: `a time from 50ms to 1h`.
  package var expected: String
  /// Its default, as the file writes it.
  package var standard: String
  /// What it does and why its default is what it is: sentences.
  package var reason: String

  package init(
    name: String, variable: String, expected: String, standard: String, reason: String
  ) {
    self.name = name
    self.variable = variable
    self.expected = expected
    self.standard = standard
    self.reason = reason
  }
}
