// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// A replay says what was said when it was recorded: the same page, JSON and exit status.
@Suite struct ReplayTests {
  private static let formats = [[], ["--json"], ["--format", "markdown"]]

  private func run(_ arguments: [String]) throws -> Command.Outcome {
    try #require(Command.run(arguments, environment: ["PATH=/usr/bin:/bin", "TZ=UTC"]))
  }

  private func expectSame(_ replay: Command.Outcome, _ live: Command.Outcome) {
    #expect(replay.status == live.status)
    #expect(replay.output == live.output)
    #expect(replay.errors == "")
  }

  /// Columns whose cells redaction replaces, and a page shows.
  private static let shown: Set<Substring> = [
    "command", "executable", "main", "unit", "container", "cgroup", "local_address",
    "remote_address",
  ]

  /// What became of each cell of a recording, the longest first.
  private func replacements(_ before: String, _ after: String) throws -> [(String, String)] {
    var words: [String: String] = [:]
    for look in 1...99 {
      for table in ["sockets", "processes", "caught"] {
        let file = "/looks/00" + (look < 10 ? "0" : "") + "\(look)/\(table).tsv"
        guard let old = readBytes(before + file), let new = readBytes(after + file) else { break }
        let rows = [old, new].map { bytes in
          String(decoding: bytes, as: UTF8.self).split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false)
          }
        }
        let columns = try #require(rows[0].first)
        for (old, new) in zip(rows[0], rows[1]) {
          for (index, column) in columns.enumerated()
          where Self.shown.contains(column) && old[index] != new[index] {
            words[String(old[index])] = String(new[index])
          }
        }
      }
    }
    return words.sorted { ($1.key.count, $0.key) < ($0.key.count, $1.key) }.map { ($0, $1) }
  }

  /// A redacted copy of a recording says the same of the words that redaction has put in.
  private func expectSameRedacted(
    _ directory: String, in temporary: TemporaryDirectory, _ options: [String] = []
  ) throws {
    let copy = temporary.path + "/redacted"
    #expect(try run(["record", "--replay", directory, copy]).status == 0)
    let words = try replacements(directory, copy)
    for format in Self.formats {
      var told = try run(["triage", "--replay", directory] + options + format)
      for (before, after) in words { told.output.replace(before, with: after) }
      expectSame(try run(["triage", "--replay", copy] + options + format), told)
    }
  }

  @Test(
    .requires(.root, .networkNamespaces),
    arguments: ["close-wait", "dead-sockets", "unaccepted", "syn-sent", "forked", "churn"])
  func `a replay of what was judged live gives the same page, JSON and exit status`(
    _ scenario: String
  ) throws {
    try Lab.with(scenario, count: 31) { lab in
      let temporary = TemporaryDirectory()
      for (number, format) in Self.formats.enumerated() {
        let directory = temporary.path + "/\(number)"
        let live = try run(
          [
            "triage", "--netns", String(lab.pid), "--for", "2s", "--interval", "250ms",
            "--patience", "1s", "--record", directory, "--no-redact",
          ] + format)
        #expect(live.errors.hasPrefix("Recorded ") && live.errors.contains("NOT redacted"))
        expectSame(try run(["triage", "--replay", directory] + format), live)
      }
      try expectSameRedacted(temporary.path + "/0", in: temporary)
    }
  }

  @Test(arguments: RecordedScenario.all)
  func `a recording of a replay gives the same page, JSON and exit status`(
    _ scenario: RecordedScenario
  ) throws {
    let temporary = TemporaryDirectory()
    let directory = temporary.path + "/again"
    let first = try #require(scenario.triage("--record", directory, "--no-redact"))
    var page = first
    page.errors = ""
    expectSame(try run(["triage", "--replay", directory]), page)
    expectSame(
      try run(["triage", "--replay", directory, "--json"]), try #require(scenario.triage("--json")))
    try expectSameRedacted(directory, in: temporary)
  }

  @Test(.requires(.root, .networkNamespaces))
  func `a replay of record --for has the verdict of triage --for`() throws {
    try Lab.with("close-wait", count: 62) { lab in
      let temporary = TemporaryDirectory()
      let directory = temporary.path + "/recorded"
      let namespace = ["--netns", String(lab.pid)]
      let watch = ["--for", "6s", "--interval", "500ms"]
      #expect(try run(["record", directory] + namespace + watch).status == 0)
      let live = try run(["triage"] + namespace + watch)
      let replay = try run(["triage", "--replay", directory])
      #expect(live.status == 1)
      #expect(replay.status == 1, "\(replay.output)")
      #expect(replay.output.contains("close-wait"))
    }
  }

  @Test func `a recording that does not say how long it was asked for is judged by its length`()
    throws
  {
    // 24 s: a patience of two minutes would find nothing.
    let run = try run(["triage", "--replay", RecordedScenario.folder + "/py_threads_eof_kept"])
    #expect(run.status == 1, "\(run.output)")
  }

  @Test func `what is typed at a replay is stronger than what was recorded`() throws {
    let temporary = TemporaryDirectory()
    let directory = temporary.path + "/recorded"
    let leak = RecordedScenario.folder + "/py_threads_eof_kept"
    let once = try run([
      "triage", "--replay", leak, "--patience", "12s", "--disable", "close-wait-leak",
      "--disable", "close-wait-stuck", "--record", directory,
    ])
    #expect(once.status == 0, "\(once.output)")
    let replay = ["triage", "--replay", directory]
    #expect(try run(replay).status == 0)
    #expect(try run(replay + ["--disable", "syn-recv-pileup"]).status == 1)
    #expect(
      try run(replay + ["--disable", "syn-recv-pileup", "--patience", "1h"]).status == 0)
  }

  @Test func `a recording whose patience nobody understands is named`() throws {
    let temporary = TemporaryDirectory()
    let directory = temporary.path + "/recorded"
    let leak = RecordedScenario.folder + "/py_threads_eof_kept"
    _ = try run(["triage", "--replay", leak, "--patience", "12s", "--record", directory])
    let header = String(
      decoding: try #require(temporary.read("recorded/recording.txt")), as: UTF8.self)
    temporary.write(
      "recorded/recording.txt", Array(header.replacing("patience: 12s", with: "patience: x").utf8))
    let run = try run(["triage", "--replay", directory])
    #expect(run.status == 2)
    #expect(run.errors.hasPrefix("closewatch: cannot replay \(directory): recording.txt: "))
    #expect(run.errors.count { $0 == "\n" } == 1, "\(run.errors)")
  }

  @Test func `--no-redact without a recording is refused`() throws {
    let run = try run(["triage", "--replay", RecordedScenario.folder, "--no-redact"])
    #expect(run.status == 2)
    #expect(run.errors.contains("--record"))
  }
}
