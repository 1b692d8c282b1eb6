// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import KernelTables
import TestSupport
import Testing

@testable import closewatchd

/// `closewatch triage` and `doctor` with a daemon that watches, over a real control socket.
@Suite(.serialized) struct TriageDaemonTests {
  private let directory = TemporaryDirectory()
  private var socket: String { "\(directory.path)/control.sock" }

  private static let quick = [
    "sampling.interval=200ms", "sampling.full-interval=1s", "sampling.cpu-budget=100%",
    "rules.patience=1s", "rules.quiet=1s",
  ]

  private func start(_ settings: [String] = quick, path: String = Command.path) throws
    -> RunningDaemon
  {
    let daemon = try RunningDaemon(settings: settings, control: socket, path: path)
    try daemon.waitFor("listening on the control socket \(socket)")
    try daemon.waitFor("watching")
    return daemon
  }

  private func triage(_ arguments: String...) throws -> Command.Outcome {
    try #require(Command.run(["triage", "--control-socket", socket] + arguments))
  }

  private static func words(_ text: String) -> String {
    text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// The keys that are new with the daemon.
  private struct Page: Decodable {
    struct Source: Decodable {
      var kind: String
      var watching_since: Double?
      var newest_look: Double?
      var newest_look_age_seconds: Double?
      var interval_seconds: Double?
      var daemon: String?
    }
    struct Finding: Decodable {
      struct Process: Decodable { var pid: Int32 }
      struct Change: Decodable {
        var at: Double
        var what: String
      }
      var state: String
      var sockets: Int
      var local_port: UInt16?
      var remote_port: UInt16?
      var firing_since: Double?
      var first_seen: Double?
      var history: [[Double]]
      var changes: [Change]
      var processes: [Process]
    }
    struct Census: Decodable { var states: [String: Int] }
    var source: Source
    var findings: [Finding]
    var census: Census
  }

  private static func page(_ run: Command.Outcome) throws -> Page {
    try JSONDecoder().decode(Page.self, from: Data(run.output.utf8))
  }

  @Test(.requires(.root, .networkNamespaces))
  func `a leak comes with since when, its curve and its proof, at once`() throws {
    let daemon = try start()
    try Lab.with("close-wait", count: 13) { lab in
      try daemon.waitFor("firing", "SocketLab[\(lab.pid)]")
      // A curve has three points at least.
      var points = 0
      for _ in 0..<300 where points < 3 {
        points =
          try Self.page(try triage("--json")).findings
          .first { $0.processes.first?.pid == lab.pid }?.history.count ?? 0
        usleep(100_000)
      }
      let run = try triage("--verbose")
      #expect(run.status == 1)
      #expect(run.errors.isEmpty)
      let page = Self.words(run.output)
      #expect(page.contains("From the daemon: watching since "), "\(page)")
      #expect(page.contains(", last look "))
      #expect(page.contains("SocketLab[\(lab.pid)]"))
      #expect(page.contains(#/firing since \d\d:\d\d/#), "\(page)")
      // As many columns as looks, so that it is a line of one character.
      #expect(page.contains(#/(curve|growth) .*\S{3,24}/#), "\(page)")
      #expect(!page.contains("one look"))
      let json = try Self.page(try triage("--json"))
      #expect(json.source.kind == "daemon")
      let since = try #require(json.source.watching_since)
      let finding = try #require(json.findings.first { $0.processes.first?.pid == lab.pid })
      #expect(finding.state == "firing")
      #expect(finding.sockets == 39)
      #expect(finding.history.count >= 3)
      let newest = try #require(json.source.newest_look)
      #expect((since...newest).contains(try #require(finding.first_seen)))
      #expect((since...newest).contains(try #require(finding.firing_since)))
      #expect(finding.changes.last?.what == "fired")
      #expect(json.census.states["CLOSE_WAIT"] ?? 0 >= 39)
      let markdown = try triage("--format", "markdown")
      #expect(markdown.status == 1)
      #expect(markdown.output.contains("From the daemon: watching since"))
      #expect(markdown.output.contains("Times are UTC."))
    }
    #expect(daemon.stop().status == 0)
  }

  @Test(.requires(.root, .networkNamespaces))
  func `a target narrows the daemon's answer, and one it does not know is said`() throws {
    let daemon = try start()
    try Lab.with("close-wait", count: 7) { lab in
      try Lab.with("close-wait", count: 8) { other in
        try daemon.waitFor("firing", "SocketLab[\(lab.pid)]")
        if !daemon.lines.contains(where: { $0.contains("firing") && $0.contains("[\(other.pid)]") })
        {
          try daemon.waitFor("firing", "SocketLab[\(other.pid)]")
        }
        let narrow = try triage("--json", "\(lab.pid)")
        #expect(narrow.status == 1)
        let page = try Self.page(narrow)
        #expect(page.source.kind == "daemon")
        #expect(page.findings.map { $0.processes.first?.pid } == [lab.pid])
        // 21 are held; the others of the lab wait unaccepted at its listener.
        #expect((21..<40).contains(page.census.states["CLOSE_WAIT"] ?? 0))
        let finding = try #require(page.findings.first)
        let port = try #require(finding.local_port ?? finding.remote_port)
        let byPort = try Self.page(try triage("--json", ":\(port)"))
        #expect(byPort.findings.contains { $0.processes.first?.pid == lab.pid })
      }
    }
    for target in ["2147483646", "no-such.service", ":1"] {
      let run = try triage(target)
      #expect(run.status == 2)
      #expect(run.output.isEmpty)
      #expect(run.errors.count { $0 == "\n" } == 1)
      #expect(run.errors.contains("by the daemon's look"), "\(run.errors)")
      #expect(run.errors.contains("--no-daemon looks now"), "\(run.errors)")
    }
    #expect(daemon.stop().status == 0)
  }

  @Test(.requires(.root))
  func `flags that say how to look are obeyed by the command itself`() throws {
    let daemon = try start()
    for flags in [["--no-daemon"], ["--patience", "5s"], ["--source", "proc"]] {
      let run = try #require(Command.run(["triage", "--control-socket", socket] + flags))
      #expect(
        Self.words(run.output).contains("; the daemon was not used (\(flags[0]))"),
        "\(run.output)")
    }
    #expect(daemon.stop().status == 0)
  }

  @Test(.requires(.root, .mountNamespaces, .command("setpriv"), .command("unshare")))
  func `the kernel refuses whoever is neither root nor of the group, and the page says so`() throws
  {
    // A host with a group closewatch, for the daemon alone.
    directory.write("group", Array("root:x:0:\nclosewatch:x:47110:\n".utf8))
    let script = """
      #!/bin/sh
      exec unshare -m sh -c 'mount --bind "$0" /etc/group && exec "$@"' \
      \(directory.path)/group \(Command.path) "$@"
      """
    directory.write("daemon", Array(script.utf8))
    // The tests may have been built where others may not go.
    let copy = "\(directory.path)/closewatch"
    _ = try ChildProgram.run(
      "sh",
      [
        "-c", "chmod 755 \"$0\" \"$0/daemon\" && cp \"$1\" \"$2\"", directory.path, Command.path,
        copy,
      ])
    let daemon = try start(path: "\(directory.path)/daemon")
    func asNobody(_ groups: [String]) throws -> String {
      let run = try ChildProgram.run(
        "setpriv",
        ["--reuid", "65534", "--regid", "65534"] + groups
          + [copy, "triage", "--control-socket", socket])
      return run.lines.joined(separator: " ")
    }
    let outside = try asNobody(["--clear-groups"])
    #expect(
      outside.contains("only root and the group closewatch may ask the daemon."),
      "\(outside)")
    let inside = try asNobody(["--groups", "47110"])
    #expect(inside.contains("From the daemon: watching since"), "\(inside)")
    #expect(daemon.stop().status == 0)
  }

  @Test(.requires(.root))
  func `a daemon that is stopped is not waited for, and comes back`() throws {
    let daemon = try start()
    daemon.signal(SIGSTOP)
    let began = RunningDaemon.monotonicSeconds
    let run = try triage()
    // 1.5 s of it are the wait; a look on a busy machine is the rest.
    #expect(RunningDaemon.monotonicSeconds - began < 20)
    #expect(
      Self.words(run.output).contains(
        "the daemon does not answer (not within 1.5 s)"), "\(run.output)")
    #expect([0, 1].contains(run.status))
    #expect(try Self.page(try triage("--json")).source.daemon == "silent")
    daemon.signal(SIGCONT)
    let limit = RunningDaemon.monotonicSeconds + 20
    var output = ""
    while !output.contains("From the daemon"), RunningDaemon.monotonicSeconds < limit {
      output = try triage().output
    }
    #expect(output.contains("From the daemon"), "\(output)")
    #expect(daemon.stop().status == 0)
  }

  @Test(
    .requires(.root),
    arguments: [
      "", "hello\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
      "HTTP/1.1 200 OK\r\nContent-Length: 900\r\nClosewatch-Exit: 0\r\n\r\nok",
    ])
  func `another program on that path is told from the daemon`(_ bytes: String) throws {
    let server = try UnixServer(socket)
    try server.answer(Array(bytes.utf8))
    let run = try triage()
    // On a busy machine its bytes may come too late.
    let reasons = ["what listens on \(socket) is not a closewatch daemon", "not within 1.5 s"]
    #expect(
      reasons.contains {
        Self.words(run.output).contains("the daemon does not answer (\($0))")
      }, "\(run.output)")
    #expect([0, 1].contains(run.status))
  }

  @Test func `doctor says how the daemon is, and what is wrong with it`() throws {
    directory.write("closewatch.yaml", Array("sampling: {interval: 1h, full-interval: 1h}\n".utf8))
    let file = "\(directory.path)/closewatch.yaml"
    let daemon = try RunningDaemon(file: file, control: socket)
    try daemon.waitFor("watching")
    func doctor() throws -> String {
      let run = try #require(Command.run(["doctor", "--control-socket", socket, "--json"]))
      return run.output
    }
    #expect(try doctor().contains(#"{"name":"daemon","state":"ok","found":"up for "#))
    directory.write("closewatch.yaml", Array("sampling:\n  intervall: 1s\n".utf8))
    daemon.signal(SIGHUP)
    try daemon.waitFor("settings not changed")
    let broken = try doctor()
    #expect(broken.contains("settings not applied: \(file):2:3: sampling: unknown key"))
    #expect(broken.contains("systemctl reload closewatch"))
    #expect(daemon.stop().status == 0)
    #expect(
      try doctor().contains(
        #"{"name":"daemon","state":"missing","found":"none answers on \#(socket): "#))
  }
}
