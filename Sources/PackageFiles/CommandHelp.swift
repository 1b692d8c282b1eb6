// SPDX-License-Identifier: Apache-2.0

/// What one command says of itself: the one source of its page of the manual.
struct CommandHelp: Hashable {
  /// An option or argument, as it is typed, and what it does.
  struct Entry: Hashable {
    var tag: String
    var words: String
  }

  /// The command's name: `triage`.
  var name: String
  /// One sentence.
  var abstract: String
  /// How it is called: `closewatch release [OPTION]... --older-than <time> <pid>`.
  var usage: String
  /// What follows the abstract, in paragraphs.
  var description: [String] = []
  /// The lines under `Examples:`.
  var examples: [String] = []
  /// The paragraph that begins with `Exit status:`, without these words.
  var exitStatus: String?
  var arguments: [Entry] = []
  var options: [Entry] = []

  /// - Parameter command: As the parser describes it.
  init(_ command: ParserDump.Command) {
    name = command.commandName
    abstract = command.abstract ?? ""
    let shown = (command.arguments ?? []).filter(\.shouldDisplay)
    let positional = shown.filter { $0.kind == .positional }
    let named = shown.filter { $0.kind != .positional }
    arguments = positional.map(Self.entry)
    options = named.map(Self.entry)
    let mayBeLeftOut = named.contains(where: \.isOptional) ? ["[OPTION]..."] : []
    let needed = named.filter { !$0.isOptional } + positional
    usage = (["closewatch", name] + mayBeLeftOut + needed.map(\.synopsis)).joined(separator: " ")
    take(command.discussion ?? "")
  }

  private static func entry(_ argument: ParserDump.Argument) -> Entry {
    var words = argument.abstract ?? ""
    // What the sentence says already is not said again.
    if let values = argument.allValues, !values.allSatisfy(words.contains) {
      words += " One of \(values.joined(separator: ", "))."
    }
    if let standard = argument.defaultValue, !words.contains("default") {
      words += " The default is \(standard)."
    }
    return Entry(tag: argument.tag, words: words)
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
}
