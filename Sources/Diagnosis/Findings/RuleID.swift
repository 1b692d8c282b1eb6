// SPDX-License-Identifier: Apache-2.0

/// The name of a rule: the same word in code, journal, metric label, man page and `explain`. Each
/// rule declares its own, in its file.
package struct RuleID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  package let rawValue: String

  /// A name for the source of a rule.
  init(_ name: String) { rawValue = name }

  /// The rule that has this name, or had it in an earlier version.
  package init?(rawValue: String) {
    let rule = RuleCatalog.rules.first {
      $0.id.rawValue == rawValue || $0.formerNames.contains(rawValue)
    }
    guard let rule else { return nil }
    self = rule.id
  }

  package var description: String { rawValue }
}

extension RuleID: CaseIterable {
  /// In the order in which they are asked.
  package static let allCases: [RuleID] = RuleCatalog.rules.map { $0.id }
}
