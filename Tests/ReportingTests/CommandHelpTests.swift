// SPDX-License-Identifier: Apache-2.0

import Reporting
import Testing

@Suite struct CommandHelpTests {
  static let help = CommandHelp(
    name: "look", abstract: "Looks at things.",
    discussion: """
      First paragraph
      goes on.

      Examples:
        closewatch look --far
      Exit status: is no heading in here.

      Exit status: 0 seen, 1 not.
      """,
    help: """
      OVERVIEW: Looks at things.

      USAGE: closewatch look [--far] <thing>

      ARGUMENTS:
        <thing>                 What to look at.

      OPTIONS:
        --far                   Also what is far.
        --with-a-very-long-name <and-value>
                                Says it on the next line.
        -h, --help              Show help information.

      """)

  @Test func `a help text is taken apart`() {
    let help = Self.help
    #expect(help.usage == "closewatch look [--far] <thing>")
    #expect(help.description == ["First paragraph goes on."])
    #expect(help.exitStatus == "0 seen, 1 not.")
    #expect(help.examples.first == "closewatch look --far")
    #expect(help.arguments == [.init(tag: "<thing>", words: "What to look at.")])
    #expect(
      help.options.map(\.tag) == ["--far", "--with-a-very-long-name <and-value>", "-h, --help"])
    #expect(help.options[1].words == "Says it on the next line.")
  }

  @Test func `no text becomes a request of groff`() {
    var help = Self.help
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
