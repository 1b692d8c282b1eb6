// SPDX-License-Identifier: Apache-2.0

/// A span of time as people type it: `30s`, `2m`, `1h30m`, `500ms`, `1.5s`, `2d`.
package struct TimeSpan: Hashable, Sendable {
  package var seconds: Double

  package init(seconds: Double) { self.seconds = seconds }

  /// nil when it is not a number with its unit.
  package init?(_ text: String) {
    guard let seconds = Self.seconds(of: text) else { return nil }
    self.seconds = seconds
  }

  private static let units: [String: Double] = [
    "ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400,
  ]

  private static func seconds(of text: String) -> Double? {
    var rest = text[...]
    var total = 0.0
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
      rest = rest.dropFirst(digits.count)
      let unit = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(unit.count)
      // Double("1.") is nil, and an endless span is a slip of the keyboard.
      guard let value = Double(digits), let factor = units[String(unit)] else { return nil }
      total += value * factor
    }
    return total <= 366 * 86_400 ? total : nil
  }
}
