// SPDX-License-Identifier: Apache-2.0

/// A mistake of the caller: what, where, why, and the fix, in one line.
package struct UsageError: Error, CustomStringConvertible {
  package var description: String
  package init(_ description: String) { self.description = Self.oneLine(description) }

  /// `text` with its line feeds turned into spaces and its controls made visible.
  package static func oneLine(_ text: String) -> String {
    let words = text.split { $0 == "\n" || $0 == " " }
    return String(
      words.joined(separator: " ").unicodeScalars.map { scalar -> Character in
        scalar.properties.generalCategory == .control ? "?" : Character(scalar)
      })
  }

  /// The one of `names` that `text` most probably was meant to be; nil when none is near.
  package static func nearest(to text: String, in names: [String]) -> String? {
    let key = Array(text.uppercased().filter { $0 != "-" && $0 != "_" }.prefix(32))
    let ranked = names.map { name in
      (
        name: name,
        distance: distance(key, Array(name.uppercased().filter { $0 != "_" && $0 != "-" }))
      )
    }
    guard let best = ranked.min(by: { $0.distance < $1.distance }),
      best.distance <= max(1, min(3, key.count / 2))
    else {
      return nil
    }
    return best.name
  }

  /// Levenshtein's distance.
  private static func distance(_ a: [Character], _ b: [Character]) -> Int {
    var row = Array(0...b.count)
    for (i, first) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, second) in b.enumerated() {
        let change = diagonal + (first == second ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(change, row[j] + 1, diagonal + 1)
      }
    }
    return row[b.count]
  }
}
