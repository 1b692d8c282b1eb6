// SPDX-License-Identifier: Apache-2.0

/// What one command says of itself, taken from its `--help`: the one source of the manual.
package struct CommandHelp: Hashable, Sendable {
  /// An option or argument, as it is typed, and what it does.
  package struct Entry: Hashable, Sendable {
    package var tag: String
    package var words: String

    package init(tag: String, words: String) {
      self.tag = tag
      self.words = words
    }
  }

  /// The command's name: `triage`.
  package var name: String
  /// One sentence.
  package var abstract: String
  /// The line after `USAGE:`.
  package var usage = ""
  /// What follows the abstract, in paragraphs.
  package var description: [String] = []
  /// The lines under `Examples:`.
  package var examples: [String] = []
  /// The paragraph that begins with `Exit status:`, without these words.
  package var exitStatus: String?
  package var arguments: [Entry] = []
  package var options: [Entry] = []

  /// - Parameters:
  ///   - discussion: The command's own, unwrapped.
  ///   - help: What the parser prints for it, so wide that no line is broken.
  package init(name: String, abstract: String, discussion: String, help: String) {
    self.name = name
    self.abstract = abstract
    take(discussion)
    take(help: help)
  }

  private mutating func take(_ discussion: String) {
    var paragraph: [Substring] = []
    let lines: [Substring] = discussion.split(separator: "\n", omittingEmptySubsequences: false)
    for line in lines + [""] {
      if !line.isEmpty {
        paragraph.append(line)
        continue
      }
      guard let first = paragraph.first else { continue }
      let rest = paragraph.dropFirst()
      let prefix = "Exit status:"
      if first == "Examples:" || first == "Example:" {
        examples += rest.map { String($0.drop { $0 == " " }) }
      } else if first.hasPrefix(prefix) {
        exitStatus = String(
          paragraph.joined(separator: " ").dropFirst(prefix.count).drop { $0 == " " })
      } else {
        description.append(paragraph.joined(separator: " "))
      }
      paragraph = []
    }
  }

  private mutating func take(help: String) {
    var section = ""
    for line in help.split(separator: "\n") {
      if !line.hasPrefix(" ") {
        section = String(line.prefix { $0 != ":" })
        if section == "USAGE" { usage = String(line.dropFirst("USAGE: ".count)) }
        continue
      }
      guard section == "ARGUMENTS" || section == "OPTIONS" else { continue }
      let words = line.drop { $0 == " " }
      if line.hasPrefix("   ") {
        // Behind a tag that was too long for its column.
        add(String(words), to: section)
        continue
      }
      let tag = Self.tag(words)
      append(
        Entry(tag: tag, words: String(words.dropFirst(tag.count).drop { $0 == " " })), to: section)
    }
  }

  /// Up to the first two blanks.
  private static func tag(_ line: Substring) -> String {
    var tag = ""
    for character in line {
      if character == " ", tag.hasSuffix(" ") { break }
      tag.append(character)
    }
    return String(tag.reversed().drop { $0 == " " }.reversed())
  }

  private mutating func append(_ entry: Entry, to section: String) {
    if section == "OPTIONS" { options.append(entry) } else { arguments.append(entry) }
  }

  private mutating func add(_ words: String, to section: String) {
    let path: WritableKeyPath<CommandHelp, [Entry]> =
      section == "OPTIONS" ? \.options : \.arguments
    guard let last = self[keyPath: path].indices.last else { return }
    let old = self[keyPath: path][last].words
    self[keyPath: path][last].words = old.isEmpty ? words : old + " " + words
  }
}
