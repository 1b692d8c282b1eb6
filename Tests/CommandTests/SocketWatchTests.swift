// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@Suite struct SocketWatchTests {
  @Test func `without a terminal each look is a block with its time, with --json a line`() throws {
    let recording = "\(Fixture.root)/recordings/scenarios/c_accept_stall"
    let looks = try ChildProgram.run("ls", ["\(recording)/looks"]).lines.count
    let arguments = ["sockets", "--watch", "--by", "state", "--replay", recording]
    let text = try #require(Command.run(arguments, environment: ["PATH=/bin", "TZ=UTC"]))
    #expect(text.status == 0 && !text.output.contains("\u{1b}"))
    let blocks = text.output.split(separator: "\n").filter { $0.count == 8 && $0.contains(":") }
    #expect(blocks.count == looks, "\(text.output)")
    let json = try #require(Command.run(arguments + ["--json"])).output
    let lines = json.split(separator: "\n")
    #expect(lines.count == looks)
    #expect(lines.allSatisfy { $0.hasPrefix(#"{"schema_version":1,"by":"state","#) })
  }
}
