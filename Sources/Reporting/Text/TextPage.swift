// SPDX-License-Identifier: Apache-2.0

/// Lines of text that keep to a width.
package struct TextPage {
  let style: TextStyle
  package private(set) var text = ""

  package init(style: TextStyle) { self.style = style }

  private var labelColumns: Int { style.isNarrow ? 4 : 12 }

  /// A blank line, then a title that stands at the edge.
  package mutating func heading(_ title: String) {
    blank()
    text += style.mark(title, .strong) + "\n"
  }

  package mutating func blank() {
    if !text.isEmpty { text += "\n" }
  }

  /// Lines at the edge.
  package mutating func paragraph(_ words: String, _ emphasis: Emphasis = .plain) {
    for line in style.wrap(words, columns: style.width) {
      text += style.mark(line, emphasis) + "\n"
    }
  }

  /// An indented line; what goes on is indented further.
  package mutating func item(_ words: String) {
    hang("  ", words, indent: 4)
  }

  /// Lines indented below an item.
  package mutating func inner(_ words: String) {
    hang("    ", words, indent: 4)
  }

  /// Indented lines, all alike.
  mutating func block(_ words: String) {
    hang("  ", words, indent: 2)
  }

  /// `  label     words`, with the words in a column of their own.
  mutating func field(_ label: String, _ words: String) {
    let size = UntrustedText.columns(label)
    let pad = String(repeating: " ", count: max(1, labelColumns - 2 - size))
    hang("  " + style.mark(label, .faint) + pad, words, indent: labelColumns, first: 2 + size)
  }

  /// A line that is shown as it is: a drawing.
  mutating func verbatim(_ line: String) { text += line + "\n" }

  /// One step of a guide: a sentence, then commands, which are never broken inside a word.
  mutating func step(_ label: String, _ step: String) {
    let lines = step.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
    guard let first = lines.first else { return }
    field(label, first)
    for command in lines.dropFirst() {
      let indent = String(repeating: " ", count: labelColumns + 2)
      // The shell joins lines that end in a backslash.
      let parts = style.wrapCommand(command, columns: style.width - indent.utf8.count - 2)
      text += parts.map { indent + $0 }.joined(separator: " \\\n") + "\n"
    }
  }

  private mutating func hang(
    _ lead: String, _ words: String, indent: Int, first: Int? = nil
  ) {
    // The first line may begin further left than the others; they all end at the same edge.
    let start = first.map { max($0 + 1, indent) } ?? 2
    let margin = String(repeating: " ", count: indent)
    let lines = style.wrap(words, columns: style.width - max(start, indent))
    guard !lines.isEmpty else { return }
    text += lead + lines.joined(separator: "\n" + margin) + "\n"
  }
}
