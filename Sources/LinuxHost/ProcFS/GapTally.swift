// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Counts what could not be seen: one gap of each kind, with the first example in words.
struct GapTally: Sendable {
  private var counted: [Gap.Kind: Gap] = [:]

  /// Adds to the count of a kind; the first detail is kept as its example.
  mutating func note(_ kind: Gap.Kind, count: Int = 1, _ detail: @autoclosure () -> String) {
    counted[kind, default: Gap(kind, count: 0, detail: detail())].count += count
  }

  /// Whether nothing of these kinds was noted.
  func isEmpty(_ kinds: Gap.Kind...) -> Bool { kinds.allSatisfy { counted[$0] == nil } }

  /// In the order of the kinds' declaration, so that two equal looks read the same.
  var gaps: [Gap] { Gap.Kind.allCases.compactMap { counted[$0] } }
}
