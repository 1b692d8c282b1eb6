// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Reporting
import Testing

@testable import Tracing

/// The trace of a recording: what was written says the same, and what somebody made up says where
/// it is wrong.
@Suite struct TraceRecordingTests {
  private static func path(_ functions: String...) -> CodePath? {
    CodePath(
      functions.enumerated().map { index, name in
        StackFrame(function: name, file: "/srv/a/app.c", line: index + 1, isOwn: name != "recv")
      })
  }

  /// One of each kind, and of each way not to know.
  private static var report: TraceReport {
    var outcome = TraceOutcome(
      target: TraceTarget(
        unit: "web@alice.service", processes: [.init(pid: 812, command: "python3", main: "app.py")]
      ), watchedSeconds: 60.125, accepted: 7, connected: 3, closed: 4, stuck: [])
    var ended = SocketSighting()
    ended.end = .init(errno: 104, path: path("recv", "read_all"))
    (ended.opening, ended.opener) = (.accepted, path("accept", "serve"))
    var read = SocketSighting()
    (read.wasRead, read.lastRead) = (true, path("recv", "parse"))
    var unreadable = SocketSighting()
    unreadable.end = .init(errno: 0, path: nil)
    outcome.sightings = [1: ended, 2: read, 3: unreadable, 6: ended]
    let states: [(UInt64, StuckSocket.State, Bool)] = [
      (1, .dead, false), (2, .closeWait(unread: 0), false), (3, .closeWait(unread: 0), false),
      (4, .closeWait(unread: 1), true), (5, .closeWait(unread: 1), false), (6, .dead, false),
    ]
    outcome.stuck = states.map { StuckSocket(cookie: $0.0, state: $0.1, wasStuckBefore: $0.2) }
    outcome.earlyEnd = .interrupted
    outcome.loss.skipped = 2
    return TraceReport(outcome)
  }

  @Test func `it says the same as the trace, to the byte`() throws {
    for report in [Self.report, try TraceReport(recorded: Self.report.json)] {
      let again = try TraceReport(recorded: report.json)
      #expect(again.json == Self.report.json)
      #expect(again.text(TextStyle()) == Self.report.text(TextStyle()))
    }
    var gone = Self.report.outcome
    (gone.earlyEnd, gone.stuck, gone.accepted) = (.targetEnded, [], nil)
    let report = TraceReport(gone)
    let again = try TraceReport(recorded: report.json)
    #expect(again.json == report.json)
    #expect(again.text(TextStyle()) == report.text(TextStyle()))
  }

  @Test func `a busy server's, and one of an event loop, say the same when they are redacted`()
    throws
  {
    var outcome = Self.report.outcome
    (outcome.closed, outcome.connected, outcome.accepted) = (2_000_000, 3_000_000, 5_000_000)
    var looped = SocketSighting()
    looped.end = .init(
      errno: 0,
      path: CodePath([
        StackFrame(function: "recv", isOwn: false),
        StackFrame(
          function: "BaseEventLoop._run_once", file: "/usr/lib/python3.11/asyncio/base_events.py",
          isOwn: false), StackFrame(function: "main"),
      ]))
    outcome.sightings = [3: looped]
    var redaction = Redaction(KnownNames(hosts: [], users: []))
    let report = TraceReport(outcome).redacted(by: &redaction)
    let text = try TraceReport(recorded: report.json).text(TextStyle())
    #expect(text.contains("in an event loop"))
    #expect(text == report.text(TextStyle()))
  }

  @Test func `a redacted one has no folders, and no names of the host and its users`() {
    var redaction = Redaction(KnownNames(hosts: ["parse"], users: ["alice"]))
    let text = String(decoding: Self.report.redacted(by: &redaction).json, as: UTF8.self)
    #expect(text.contains("\"file\":\"app.c\""))
    for name in ["/srv", "alice", "\"parse\""] { #expect(!text.contains(name), "\(text)") }
    #expect(text.contains("\"read_all\""))
  }

  @Test(arguments: [
    ("\"schema_version\":1", "\"schema_version\":2", "schema_version"),
    ("\"stuck\":6", "\"stuck\":7", "stuck"), ("\"stuck\":6", "\"stuck\":1e15", "stuck"),
    ("\"dead\":2", "\"dead\":9", "dead"), ("\"dead\":2", "\"dead\":-1", "dead"),
    ("\"early_end\":\"interrupted\"", "\"early_end\":\"x\"", "early_end"),
    ("\"kind\":\"last-read\"", "\"kind\":null", "kind"),
    ("\"errno\":104", "\"errno\":[]", "errno"),
    ("\"processes\":[{\"pid\":812,", "\"processes\":[{\"pid\":\"812\",", "pid"),
    ("\"lost\":0", "\"lost\":-3", "lost"), ("\"watched_seconds\":60.125", "\"x\":1", "watched"),
    ("\"reason\":\"stuck-before\"", "\"reason\":\"for fun\"", "reason"),
  ])
  func `what is not as it has to be is named`(part: String, hostile: String, name: String) throws {
    let text = String(decoding: Self.report.json, as: UTF8.self)
    let changed = text.replacing(part, with: hostile, maxReplacements: 1)
    try #require(changed != text)
    let bytes = Array(changed.utf8)
    do throws(DecodeError) {
      _ = try TraceReport(recorded: bytes)
      Issue.record("it was taken")
    } catch {
      #expect("\(error)".contains(name), "\(error)")
    }
  }

  @Test(arguments: ["", "{", "[]", "null", "{\"schema_version\":1}", "{}x"])
  func `what is no trace is none`(text: String) {
    #expect(throws: DecodeError.self) { try TraceReport(recorded: Array(text.utf8)) }
  }
}
