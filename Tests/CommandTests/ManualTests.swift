// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import Settings
import TestSupport
import Testing

@testable import closewatch

/// The manual, the completions and the help: one source, three outputs.
@Suite struct ManualTests {
  static let deploy =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/deploy"

  static let commands = [
    "triage", "top", "sockets", "history", "run", "release", "explain", "doctor", "record",
    "daemon", "check-settings", "demo",
  ]
  static let commandPages = commands.map { "closewatch-\($0).1" }
  static let pages = ["closewatch.1", "closewatch.yaml.5"] + commandPages
  static let completions = ["closewatch.bash", "_closewatch", "closewatch.fish"]

  /// To ask the runtime for the name of a type, as the parser does without, takes a tenth of the
  /// time in which a command begins.
  @Test func `the name of each command stands in writing`() {
    for command in Closewatch.configuration.subcommands {
      #expect(command.configuration.commandName != nil, "\(command)")
    }
  }

  @Test(.requires(.command("groff")), arguments: pages)
  func `groff has nothing to say about a page`(_ page: String) throws {
    let run = try ChildProgram.run(
      "sh",
      ["-c", "groff -ww -man -Tutf8 -rLL=78n \"$0\" 2>&1 >/dev/null", "\(Self.deploy)/man/\(page)"])
    #expect(run.status == 0)
    #expect(run.lines.isEmpty)
  }

  @Test(.requires(.command("man")), arguments: pages)
  func `man shows a page without a warning`(_ page: String) throws {
    let run = try ChildProgram.run(
      "sh",
      [
        "-c", "man --warnings -E UTF-8 -l -Tutf8 \"$0\" 2>&1 >/dev/null",
        "\(Self.deploy)/man/\(page)",
      ])
    #expect(run.status == 0)
    #expect(run.lines.isEmpty)
  }

  /// mandoc(1), the reader of the BSDs and of Alpine, warns of it on every page.
  @Test(arguments: pages)
  func `no paragraph begins where a heading has begun one`(_ page: String) throws {
    let bytes = try #require(readBytes("\(Self.deploy)/man/\(page)"))
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    let headings = lines.indices.dropLast().filter { lines[$0].hasPrefix(".SH ") }
    #expect(headings.count >= 3)
    for index in headings { #expect(lines[index + 1] != ".PP", "\(lines[index])") }
  }

  @Test func `the page of the program has the sections that a reader looks for`() throws {
    let bytes = try #require(readBytes("\(Self.deploy)/man/closewatch.1"))
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    for section in [
      "NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "FINDINGS", "FIELDS", "EXIT STATUS",
      "ENVIRONMENT", "FILES", "OVERHEAD", "CAVEATS", "SECURITY", "EXAMPLES", "SEE ALSO",
    ] {
      #expect(lines.contains(".SH \(section)"), "\(section)")
    }
  }

  @Test(arguments: commandPages + ["closewatch.yaml.5"])
  func `every page has the sections that a reader looks for, each once`(_ page: String) throws {
    let bytes = try #require(readBytes("\(Self.deploy)/man/\(page)"))
    let sections = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      .filter { $0.hasPrefix(".SH ") }.map { String($0.dropFirst(4)) }
    for section in [
      "NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES",
      "SEE ALSO",
    ] {
      #expect(sections.count { $0 == section } == 1, "\(section)")
    }
  }

  @Test func `the page of the settings has every key with its default and its variable`() throws {
    let bytes = try #require(readBytes("\(Self.deploy)/man/closewatch.yaml.5"))
    let text = String(decoding: bytes, as: UTF8.self)
      .split(separator: "\n").joined(separator: " ")
      .replacing("\\-", with: "-")
    for key in SettingCatalog.keys {
      #expect(text.contains("\(key.name): \(key.text(DaemonSettings()))"), "\(key.path)")
      #expect(text.contains(key.variable), "\(key.path)")
    }
  }

  @Test(.requires(.command("bash")))
  func `bash takes the completion and offers the commands, not the hidden ones`() throws {
    let file = "\(Self.deploy)/completions/closewatch.bash"
    #expect(try ChildProgram.run("bash", ["-n", file]).status == 0)
    for name in Self.completions {
      let bytes = try #require(readBytes("\(Self.deploy)/completions/\(name)"))
      let text = String(decoding: bytes, as: UTF8.self)
      for command in Self.commands { #expect(text.contains(command), "\(name): \(command)") }
      #expect(!text.contains("demo-server"), "\(name)")
      #expect(!text.contains("demo-client"), "\(name)")
    }
  }

  @Test(arguments: [""] + commands)
  func `the help of a command ends in examples that the program understands`(
    _ command: String
  ) throws {
    let run = try #require(Command.run(command.isEmpty ? ["--help"] : [command, "--help"]))
    #expect(run.status == 0)
    let lines = run.output.split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.lastIndex { $0 == "Examples:" || $0 == "Example:" })
    let examples = lines[(start + 1)...].filter { !$0.isEmpty }
    #expect(!examples.isEmpty)
    for example in examples {
      let words = example.split(separator: " ")
      let first = try #require(words.firstIndex(of: "closewatch"), "\(example)")
      let name = try #require(words[(first + 1)...].first)
      #expect(Self.commands.contains(String(name)), "\(example)")
      for option in words where option.hasPrefix("--") {
        let help = try #require(Command.run([String(name), "--help"]))
        #expect(help.output.contains(option), "\(example)")
      }
    }
  }

  /// The parser breaks lines, and so nobody else may.
  @Test(arguments: [""] + commands)
  func `no line of a help ends before it is full`(_ command: String) throws {
    let run = try #require(Command.run(command.isEmpty ? ["--help"] : [command, "--help"]))
    let lines = run.output.split(separator: "\n", omittingEmptySubsequences: false)
    for (line, next) in zip(lines, lines.dropFirst()) where !next.hasPrefix(" ") {
      guard !line.isEmpty, let word = next.split(separator: " ").first else { continue }
      #expect(line.count + 1 + word.count >= 80, "\(line)")
    }
  }
}
