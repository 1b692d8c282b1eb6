// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// What is done at a terminal, and nowhere else.
@Suite(.requires(.root, .networkNamespaces)) struct TerminalTests {
  private static let replay = [
    "sockets", "--replay", Fixtures.directory + "/recordings/small-host",
  ]

  /// What is shown when standard output is a terminal.
  private func shown(_ environment: [String], _ arguments: [String] = []) throws -> String {
    let program = try #require(
      TerminalProgram(Self.replay + arguments, on: .output, environment: environment))
    #expect(program.end() == 0)
    #expect(program.shown.contains("CLOSE_WAIT"))
    return program.shown
  }

  @Test func `a terminal gets colour`() throws {
    #expect(try shown(["TERM=xterm"]).contains("\u{1b}["))
    #expect(try shown(["TERM=xterm", "NO_COLOR="]).contains("\u{1b}["))
  }

  @Test(arguments: [["TERM=dumb"], ["TERM=xterm", "NO_COLOR=1"]])
  func `a terminal that wants no colour gets none`(_ environment: [String]) throws {
    #expect(!(try shown(environment).contains("\u{1b}[")))
    #expect(try shown(environment, ["--color", "always"]).contains("\u{1b}["))
    #expect(!(try shown(["TERM=xterm"], ["--color", "never"]).contains("\u{1b}[")))
  }

  @Test func `a file gets colour only when asked for`() throws {
    let plain = try #require(Command.run(Self.replay, environment: ["TERM=xterm"]))
    #expect(plain.status == 0 && plain.output.contains("CLOSE_WAIT"))
    #expect(!plain.output.contains("\u{1b}"))
    let forced = try #require(Command.run(Self.replay + ["--color", "always"]))
    #expect(forced.output.contains("\u{1b}["))
  }

  @Test func `the progress of a watch is shown at a terminal, and cleared`() throws {
    try Lab.with("close-wait", count: 7) { lab in
      let watch = [
        "triage", "--netns", String(lab.pid), "--for", "600ms", "--interval", "100ms",
      ]
      let program = try #require(TerminalProgram(watch, on: .errors))
      #expect(program.end() == 0)
      #expect(program.shown.contains("watching "))
      #expect(program.shown.hasSuffix("\r\u{1b}[K"))
      #expect(!program.written.contains("watching ") && !program.written.isEmpty)
      let piped = try #require(Command.run(watch))
      #expect(piped.errors.isEmpty)
      #expect(piped.status == 0 && !piped.output.isEmpty)
    }
  }

  @Test func `Ctrl-C ends a watch early with its report and its exit status`() throws {
    try Lab.with("close-wait", count: 7) { lab in
      let program = try #require(
        TerminalProgram(
          [
            "triage", "--netns", String(lab.pid), "--for", "10m", "--interval", "100ms",
            "--patience", "500ms", "--json",
          ], on: .errors))
      #expect(program.shows("21 in CLOSE_WAIT"))
      #expect(program.shows("watching 1"))
      program.interrupt()
      let status = program.end()
      #expect(status == 0 || status == 1, "a signal would be 130: \(status)")
      #expect(program.written.contains("\"watched_seconds\":"))
      #expect(program.written.hasSuffix("}\n"))
    }
  }
}
