// SPDX-License-Identifier: Apache-2.0

/// Writes the cells of recorded tables: text that a person can read and that reads back exactly.
///
/// No cell is ever empty: the empty text is `\e`, nothing is `-`, the text `-` is `\-`. Tabs,
/// line ends, control and format characters are escaped, so a cell can neither break its line nor
/// the terminal it is shown on.
package struct CellWriter {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// Decimal.
  package mutating func number(_ value: some BinaryInteger) {
    bytes.append(contentsOf: String(value).utf8)
  }

  /// ASCII that needs no escape: a keyword, a number, an address.
  package mutating func word(_ word: String) {
    bytes.append(contentsOf: word.utf8)
  }

  package mutating func byte(_ byte: UInt8) {
    bytes.append(byte)
  }

  /// Any text.
  package mutating func text(_ text: String) {
    switch text {
    case "": word("\\e")
    case "-": word("\\-")
    default: escape(text, spaces: false)
    }
  }

  /// A list of texts with a space between them; no text at all is `\0`.
  package mutating func list(_ texts: [String]) {
    guard !texts.isEmpty else {
      word("\\0")
      return
    }
    for (index, text) in texts.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: " ")) }
      if text.isEmpty {
        word("\\e")
      } else if text == "-" {
        word("\\-")
      } else {
        escape(text, spaces: true)
      }
    }
  }

  private mutating func escape(_ text: String, spaces: Bool) {
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": word("\\\\")
      case "\t": word("\\t")
      case "\n": word("\\n")
      case "\r": word("\\r")
      case " " where spaces: word("\\s")
      case " "..."~": bytes.append(UInt8(truncatingIfNeeded: scalar.value))
      default:
        if Self.isHidden(scalar) {
          word("\\u{\(String(scalar.value, radix: 16))}")
        } else {
          bytes.append(contentsOf: String(scalar).utf8)
        }
      }
    }
  }

  /// Whether showing the character could deceive: controls, direction marks, line separators.
  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: true
    default: false
    }
  }
}
