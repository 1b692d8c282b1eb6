// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// The annotated runs in `deploy/examples`: by hand, so what they quote is held to the program.
@Suite struct ExampleTests {
  private static func lines(_ name: String) throws -> [Substring] {
    let bytes = try #require(readBytes("\(ManualTests.deploy)/examples/\(name).txt"))
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
  }

  @Test(arguments: ["triage", "history", "release"])
  func `an example fits a terminal and uses commands and options that there are`(
    _ name: String
  ) throws {
    let lines = try Self.lines(name)
    let help = try #require(Command.run([name, "--help"]))
    for line in lines { #expect(line.utf8.count <= 80 && line.utf8.allSatisfy { $0 < 0x7f }) }
    let runs = lines.filter { $0.hasPrefix("# closewatch \(name)") }
    #expect(!runs.isEmpty)
    for run in runs {
      for option in run.split(separator: " ") where option.hasPrefix("--") {
        #expect(help.output.contains(option), "\(run)")
      }
    }
  }
}
