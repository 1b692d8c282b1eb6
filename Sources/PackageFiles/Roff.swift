// SPDX-License-Identifier: Apache-2.0

/// Text in the man macros of groff, man(7). Nothing that it is given can become a request.
struct Roff {
  private(set) var text: String

  /// A page: `.TH` and the note that it is generated.
  init(title: String, section: Int, footer: String, manual: String) {
    text = """
      .\\" SPDX-License-Identifier: Apache-2.0
      .\\" Written by deploy/generate: change the program, not this file.
      .TH \(title) \(section) "" "\(footer)" "\(manual)"
      .nh
      .ad l

      """
  }

  /// What is in the macros of man(7) already.
  mutating func append(_ roff: String) { text += roff }

  /// `.SH`.
  mutating func section(_ title: String) { text += ".SH \(title)\n" }

  /// What begins a paragraph. A heading has begun one: another `.PP` is skipped, with a warning of
  /// mandoc(1).
  private var gap: String {
    let last = text.split(separator: "\n").last ?? ""
    return last.hasPrefix(".SH ") ? "" : ".PP\n"
  }

  /// A paragraph.
  mutating func paragraph(_ words: String) { text += gap + Self.lines(words) }

  /// An indented paragraph behind a tag in bold.
  mutating func item(_ tag: String, _ words: String) {
    text += ".TP\n\\fB\(Self.inline(tag))\\fR\n" + Self.lines(words)
  }

  /// Lines as they are, indented.
  mutating func verbatim(_ lines: [String]) {
    text += gap + ".RS 4\n.nf\n"
    for line in lines { text += Self.line(line) }
    text += ".fi\n.RE\n"
  }

  /// `closewatch-triage(1)` and so on, in bold.
  mutating func references(_ names: [(String, Int)]) {
    for (index, name) in names.enumerated() {
      let comma = index < names.count - 1 ? "," : ""
      text += ".BR \(Self.inline(name.0)) (\(name.1))\(comma)\n"
    }
  }

  /// The words with what groff would take for its own made plain.
  static func inline(_ words: String) -> String {
    var result = ""
    for character in words {
      switch character {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      case "'": result += "\\(aq"
      case "`": result += "\\(ga"
      case "^": result += "\\(ha"
      case "~": result += "\\(ti"
      default: result.append(character)
      }
    }
    return result
  }

  private static func line(_ words: String) -> String {
    let inline = inline(words)
    // A blank or a dot at the start would mean something.
    return (inline.hasPrefix(".") || inline.hasPrefix(" ") ? "\\&" : "") + inline + "\n"
  }

  /// One sentence to a line, so that a change is a small difference.
  private static func lines(_ words: String) -> String {
    var result = ""
    var sentence = ""
    for word in words.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      sentence += (sentence.isEmpty ? "" : " ") + word
      if word.hasSuffix(".") || word.hasSuffix(":") || sentence.count > 70 {
        result += line(sentence)
        sentence = ""
      }
    }
    return sentence.isEmpty ? result : result + line(sentence)
  }
}
