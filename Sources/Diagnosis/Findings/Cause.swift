// SPDX-License-Identifier: Apache-2.0

/// Why: what the kernel's evidence can tell apart within a rule. Declared in the file of the rule,
/// or of what several rules share.
package struct Cause: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  package let rawValue: String

  /// A name for the source of a rule.
  init(_ name: String) { rawValue = name }

  /// The cause of this name that a rule can give.
  package init?(rawValue: String) {
    guard let cause = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = cause
  }

  package var description: String { rawValue }
}

extension Cause: CaseIterable {
  /// The causes of all rules, each once, in the order of the rules.
  package static let allCases: [Cause] = {
    var seen: Set<Cause> = []
    return RuleCatalog.rules.flatMap { $0.causes }.filter { seen.insert($0).inserted }
  }()
}
