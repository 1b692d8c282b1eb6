// SPDX-License-Identifier: Apache-2.0

/// Text that another program chose: any process can set its `comm` to an escape sequence.
package enum UntrustedText {
  /// `text` fit for a line of output: what could move the cursor, hide or reorder the line is `?`.
  package static func printable(_ text: String, unicode: Bool = true) -> String {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return text }
    var out = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isShown = !isUnsafe(scalar) && (unicode || scalar.isASCII)
      out.append(isShown ? scalar : "?")
    }
    return String(out)
  }

  /// Without the white space at both ends.
  package static func trimmed(_ text: String) -> String {
    let isInner: (Character) -> Bool = { !$0.isWhitespace }
    guard let first = text.firstIndex(where: isInner), let last = text.lastIndex(where: isInner)
    else { return "" }
    return String(text[first...last])
  }

  /// Controls (C0, DEL, C1), formatting characters (bidirectional overrides, zero width, tags),
  /// line separators, and what Unicode has not assigned.
  static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7f }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
      .unassigned:
      return true
    default:
      return false
    }
  }

  /// Columns that `text` takes on a terminal: two for East Asian wide characters, none for marks
  /// that combine. Source: Unicode Standard Annex 11; the ranges are those of wcwidth(3).
  package static func columns(_ text: String) -> Int {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return text.utf8.count }
    return text.unicodeScalars.reduce(0) { $0 + columns($1) }
  }

  /// `text` as code in Markdown: there it cannot mention, link or format, nor end the cell of a
  /// table.
  static func markdownCode(_ text: String) -> String {
    "`" + String(text.map { $0 == "`" || $0 == "|" ? "'" : $0 }) + "`"
  }

  /// The beginning of `text` that fits into `columns`, with an ellipsis where it was cut: `…`, or
  /// `~` where only ASCII may be used.
  static func cut(_ text: String, columns limit: Int, unicode: Bool) -> String {
    guard columns(text) > limit else { return text }
    guard limit > 0 else { return "" }
    var kept = String.UnicodeScalarView()
    var used = 1
    for scalar in text.unicodeScalars {
      let size = columns(scalar)
      guard used + size <= limit else { break }
      used += size
      kept.append(scalar)
    }
    return String(kept) + (unicode ? "…" : "~")
  }

  private static func columns(_ scalar: Unicode.Scalar) -> Int {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: break
    }
    switch scalar.value {
    case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0x9fff,
      0xa000...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60,
      0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f680...0x1f6ff, 0x1f900...0x1f9ff,
      0x20000...0x3fffd:
      return 2
    default:
      return 1
    }
  }
}
