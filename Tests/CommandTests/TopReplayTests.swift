// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// `closewatch top` of a recording, at a terminal: no kernel and no root are in it.
@Suite struct TopReplayTests {
  private static let recording = RecordedScenario.folder + "/py_threads_eof_kept"

  private func top(_ environment: [String], _ options: String...) throws -> TerminalProgram {
    let arguments = ["top", "--replay", Self.recording, "--interval", "100ms", "--patience", "12s"]
    return try #require(
      TerminalProgram(arguments + options, on: [.input, .output], environment: environment))
  }

  @Test func `a recording is shown to its end, with its name as the host, until q`() throws {
    let program = try top(["TERM=xterm", "LC_ALL=C.UTF-8"])
    #expect(program.shows("closewatch top"))
    // The newest look: what was stuck by then, and what was found.
    #expect(program.shows("1 firing"), "\(program.shown)")
    #expect(program.shows("watched 24 s"), "\(program.shown)")
    #expect(program.shown.contains("python"))
    #expect(program.shown.contains("py_threads_eof_kept"))
    program.type("q")
    #expect(program.end() == 0)
    #expect(program.shown.hasSuffix("\u{1b}[?1049l"))
  }

  /// Text that a terminal shows in a colour: red, yellow or green.
  private static func isColoured(_ shown: String) -> Bool {
    shown.contains(/\u{1b}\[(1;)?3[0-7]m/)
  }

  @Test(arguments: [
    (["TERM=xterm"], true), (["TERM=xterm", "NO_COLOR="], true),
    (["TERM=xterm", "NO_COLOR=1"], false), (["TERM=vt100"], false),
  ])
  func `colour is there unless it is not wanted or not to be had`(
    _ environment: [String], _ isColoured: Bool
  ) throws {
    let program = try top(environment)
    #expect(program.shows("1 firing"), "\(program.shown)")
    program.type("q")
    #expect(program.end() == 0)
    #expect(Self.isColoured(program.shown) == isColoured, "\(program.shown)")
  }

  @Test func `a flag is stronger than NO_COLOR`() throws {
    for (environment, flag, isColoured) in [
      (["TERM=xterm", "NO_COLOR=1"], "always", true), (["TERM=xterm"], "never", false),
    ] {
      let program = try top(environment, "--color", flag)
      #expect(program.shows("1 firing"), "\(program.shown)")
      program.type("q")
      #expect(program.end() == 0)
      #expect(Self.isColoured(program.shown) == isColoured, "\(flag)")
    }
  }
}
