// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import closewatch_files

/// A command as the parser describes it, and as its page shows it.
@Suite struct CommandHelpTests {
  private static func help(discussion: String) throws -> CommandHelp {
    let quoted = discussion.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      .replacing("\n", with: "\\n")
    let json = """
      {"serializationVersion": 0, "command": {
        "commandName": "look", "abstract": "Looks at things.", "shouldDisplay": true,
        "discussion": "\(quoted)",
        "arguments": [
          {"kind": "positional", "shouldDisplay": true, "isOptional": false, "isRepeating": true,
           "valueName": "thing", "abstract": "What to look at."},
          {"kind": "flag", "shouldDisplay": true, "isOptional": true, "isRepeating": false,
           "names": [{"kind": "short", "name": "f"}, {"kind": "long", "name": "far"}],
           "preferredName": {"kind": "long", "name": "far"}, "abstract": "Also what is far."},
          {"kind": "option", "shouldDisplay": true, "isOptional": false, "isRepeating": false,
           "names": [{"kind": "long", "name": "through"}],
           "preferredName": {"kind": "long", "name": "through"}, "valueName": "glass",
           "allValues": ["lens", "mirror"], "defaultValue": "lens", "abstract": "Through what."},
          {"kind": "flag", "shouldDisplay": false, "isOptional": true, "isRepeating": false,
           "names": [{"kind": "long", "name": "secret"}], "abstract": "Not for the manual."}
        ]}}
      """
    return CommandHelp(try ParserDump(json: json).command)
  }

  @Test func `what the parser knows of a command is what its page says`() throws {
    let help = try Self.help(
      discussion: """
        First paragraph
        goes on.

        Examples:
          closewatch look --far
        Exit status: is no heading in here.

        Exit status: 0 seen, 1 not.
        """)
    #expect(help.usage == "closewatch look [OPTION]... --through <glass> <thing>...")
    #expect(help.description == ["First paragraph goes on."])
    #expect(help.exitStatus == "0 seen, 1 not.")
    #expect(help.examples.first == "closewatch look --far")
    #expect(help.arguments == [.init(tag: "<thing>", words: "What to look at.")])
    #expect(
      help.options == [
        .init(tag: "-f, --far", words: "Also what is far."),
        .init(
          tag: "--through <glass>", words: "Through what. One of lens, mirror. The default is lens."
        ),
      ])
  }

  /// A tag of 23 columns was once taken for one with its words.
  @Test func `no option of a page has its words in its tag`() throws {
    let commands = try BuiltProgram(named: "closewatch").dump().shown
    #expect(commands.count >= 11)
    for entry in commands.map(CommandHelp.init).flatMap(\.options) {
      #expect(entry.tag.split(separator: " ").allSatisfy { "-<[".contains($0.first ?? " ") })
      #expect(!entry.words.isEmpty, "\(entry.tag)")
    }
  }

  @Test func `a dump of another version is refused`() throws {
    #expect(throws: GeneratorError.self) {
      try ParserDump(
        json: """
          {"serializationVersion": 1, "command": {"commandName": "a", "shouldDisplay": true}}
          """)
    }
  }

  @Test func `no text becomes a request of groff`() throws {
    var help = try Self.help(discussion: "")
    help.description = [".so /etc/passwd", "a \\n(.g and 'quotes' and --dashes"]
    help.examples = [".br", "  indented"]
    let page = ManualPage.command(help, version: "1")
    let lines = page.split(separator: "\n")
    #expect(lines.contains("\\&.so /etc/passwd"))
    #expect(lines.contains("a \\en(.g and \\(aqquotes\\(aq and \\-\\-dashes"))
    #expect(lines.contains("\\&.br"))
    #expect(lines.contains("\\&  indented"))
  }
}
