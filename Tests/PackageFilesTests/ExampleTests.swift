// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import closewatch_files

/// The demonstrations below `deploy/examples`: pages of real runs with an explanation of each part.
/// What they show must be what the program still says, and what they type must still be taken.
@Suite struct ExampleTests {
  private static let examples = "\(Fixture.root)/../../deploy/examples"
  private static let golden = "\(Fixture.root)/golden"

  private static func texts(in folder: String) throws -> [String] {
    try ChildProgram.run("ls", ["-1", folder]).lines.filter { $0.hasSuffix(".txt") }.map { name in
      String(decoding: try #require(readBytes("\(folder)/\(name)")), as: UTF8.self)
    }
  }

  @Test func `every flag that an example types is one of the command`() throws {
    let help = try BuiltProgram(named: "closewatch").dump().shown.map(CommandHelp.init)
    var typed = 0
    for line in try Self.texts(in: Self.examples).joined().split(separator: "\n") {
      let words = line.split(separator: " ").prefix { $0 != "|" }
      guard words.count > 2, words[0] == "#", words[1] == "closewatch" else { continue }
      let command = try #require(
        help.first { $0.usage.hasPrefix("closewatch \(words[2])") }, "\(line)")
      let known = command.options.flatMap {
        $0.tag.split { $0 == " " || $0 == "," || $0 == "=" }.filter { $0.hasPrefix("-") }
      }
      for flag in words where flag.hasPrefix("-") {
        #expect(known.contains(flag.prefix { $0 != "=" }), "\(line)")
        typed += 1
      }
    }
    #expect(typed > 10)
  }

  /// `  held by   python3[4711] 99`: two blanks, a label, its words from the 13th column on.
  private static func labels(_ text: String) -> Set<String> {
    Set(
      text.split(separator: "\n").compactMap { line -> String? in
        let columns = Array(line)
        guard columns.count > 12, line.hasPrefix("  "), columns[2].isLowercase,
          columns[11] == " ", columns[12] != " "
        else { return nil }
        let label = columns[2..<11].map(String.init).joined()
        return String(label.prefix { $0 != ":" }).split(separator: " ").joined(separator: " ")
      })
  }

  @Test func `every label of an example's page of triage is on a page that is tested`() throws {
    let known = try Self.texts(in: Self.golden + "/scenarios") + Self.texts(in: Self.golden)
    let path = "\(Self.examples)/triage.txt"
    let shown = String(decoding: try #require(readBytes(path)), as: UTF8.self)
    let labels = Self.labels(shown)
    #expect(labels.count > 8)
    #expect(labels.subtracting(known.reduce(into: []) { $0.formUnion(Self.labels($1)) }) == [])
  }
}
