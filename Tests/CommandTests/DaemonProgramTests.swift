// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import TestSupport
import Testing

@testable import closewatch

/// The two programs, and how the command becomes the daemon.
@Suite struct DaemonProgramTests {
  @Test(arguments: [
    ("daemon", "closewatchd"), ("check-settings", "closewatchd"), ("trace", "closewatch-trace"),
  ])
  func `a command that was copied alone says in one line what is not there`(
    command: String, program: String
  ) throws {
    let directory = TemporaryDirectory()
    let copy = "\(directory.path)/bin/closewatch"
    let script = "mkdir \"$0/bin\" && cp \"$1\" \"$2\" && \"$2\" \"$3\" 2>&1"
    let run = try ChildProgram.run(
      "sh", ["-c", script, directory.path, Command.path, copy, command])
    #expect(run.status == 2)
    #expect(
      run.lines == [
        "closewatch: closewatch \(command) needs the program \(program), which is not at"
          + " \(directory.path)/bin/\(program) or"
          + " \(directory.path)/libexec/closewatch/\(program); install the package, or copy it"
          + " there"
      ])
  }

  @Test func `a daemon in libexec is found from bin, and is the process that was started`() throws {
    let directory = TemporaryDirectory()
    let script = """
      mkdir -p "$0/bin" "$0/libexec/closewatch" && cp "$1" "$0/bin/closewatch" || exit 9
      printf '#!/bin/sh\\necho "$$ $*"\\n' >"$0/libexec/closewatch/closewatchd"
      chmod 755 "$0/libexec/closewatch/closewatchd"
      echo "$$" && exec "$0/bin/closewatch" daemon --interval 5s
      """
    let run = try ChildProgram.run("sh", ["-c", script, directory.path, Command.path])
    #expect(run.status == 0)
    let pid = try #require(run.lines.first)
    #expect(run.lines.last == "\(pid) daemon --interval 5s")
  }

  @Test func `the help of the daemon is that of the command's tree`() throws {
    for command in ["daemon", "check-settings", "trace"] {
      let asked = try #require(Command.run([command, "--help"]))
      let shown = try #require(Command.run(["help", command]))
      #expect(asked.status == 0 && shown.status == 0)
      #expect(asked.output == shown.output)
      #expect(asked.output.contains("USAGE: closewatch \(command) "))
    }
  }

  @Test func `a mistake in a command is worded by the tree of all commands`() throws {
    let run = try #require(Command.run(["triage", "--nonsense"]))
    #expect(run.status == 2)
    #expect(run.errors.hasSuffix("; see closewatch triage --help\n"))
    #expect(try #require(Command.run(["triage", "--version"])).output.hasSuffix(".0\n"))
    let help = try #require(Command.run(["triage", "--help"])).output
    #expect(help.contains("USAGE: closewatch triage "))
  }

  @Test func `the command loads no library of the daemon`() throws {
    let daemon = try ChildProgram.run("ldd", [ChildProgram.built("closewatchd")]).lines
    let command = try ChildProgram.run("ldd", [Command.path]).lines
    for library in ["libcrypt", "libsystemd", "libyaml"] {
      #expect(daemon.contains { $0.contains(library) }, "\(daemon)")
      #expect(!command.contains { $0.contains(library) }, "\(command)")
    }
  }

  @Test func `each command is listed by the name that it has`() {
    for (name, type) in Closewatch.commands { #expect(type.configuration.commandName == name) }
  }
}
