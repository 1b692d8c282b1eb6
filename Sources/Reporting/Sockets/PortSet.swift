// SPDX-License-Identifier: Apache-2.0

/// Ports as people type them: `80`, `80,443`, `80,443,8000-8100`.
package struct PortSet: Hashable, Sendable {
  private var ranges: [ClosedRange<UInt16>] = []

  /// nil when it is no such list.
  package init?(_ text: String) {
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false)
      guard ends.count <= 2, let first = Self.port(ends[0]), let last = Self.port(ends.last ?? ""),
        first <= last
      else { return nil }
      ranges.append(first...last)
    }
  }

  package func contains(_ port: UInt16) -> Bool { ranges.contains { $0.contains(port) } }

  private static func port(_ text: Substring) -> UInt16? {
    guard text.allSatisfy({ $0.isNumber }), let port = UInt16(text), port > 0 else { return nil }
    return port
  }
}
