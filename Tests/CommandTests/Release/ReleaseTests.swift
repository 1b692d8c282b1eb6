// SPDX-License-Identifier: Apache-2.0

import KernelTables
import TestSupport
import Testing

/// `closewatch release` on real sockets: who is hit, who is not, and what is left.
@Suite(.serialized, .requires(.root, .networkNamespaces, .socketDiagnostics))
struct ReleaseTests {
  private static let count = 5

  /// The client ports of the sockets in CLOSE_WAIT: the shared one, the usual ones, the one on
  /// the other port. The laboratory tells them in this order.
  private struct Ports {
    var shared: UInt16
    var usual: [UInt16]
    var other: UInt16
    var listener: UInt16

    init(_ lab: Lab) throws {
      let rows = lab.rows.filter { $0.state == .closeWait }
      try #require(rows.count == count + 2)
      shared = rows[0].remote.port
      usual = rows[1...count].map(\.remote.port)
      other = rows[count + 1].remote.port
      listener = rows[1].local.port
    }
  }

  /// The client ports whose peer has had a reset.
  private static func reset(_ lab: Lab) throws -> Set<UInt16> {
    let answer = try #require(try lab.ask("peers"))
    #expect(answer.hasPrefix("reset"))
    return Set(answer.split(separator: " ").dropFirst().compactMap { UInt16($0) })
  }

  private static func run(
    _ lab: Lab, _ arguments: [String], as prefix: [String] = []
  ) throws -> (status: Int32, lines: [String]) {
    let command = prefix + [Command.path, "release", String(lab.pid)] + arguments
    return try ChildProgram.run("sh", ["-c", "exec \"$@\" 2>&1", "sh"] + command)
  }

  @Test(.requires(.mountNamespaces, .command("journalctl")), arguments: Lab.Path.allCases)
  func `only what was chosen goes, its peer reads a reset, and the descriptor stays`(
    _ path: Lab.Path
  ) throws {
    let journal = try PrivateJournal()
    try journal.run("start_journald")
    _ = try journal.wait(for: "ls /run/systemd/journal") { $0.contains("socket") }
    try Lab.with("release", path, count: Self.count) { lab in
      let ports = try Ports(lab)
      try journal.run("sleep 12")
      let younger = try #require(try lab.ask("younger"))
      #expect(younger.hasPrefix("younger "))
      let options = ["--older-than", "10s", "--port", String(ports.listener)]

      let shown = try Self.run(lab, options)
      #expect(shown.status == 1)
      #expect(
        shown.lines.first
          == "WILL RELEASE 5 sockets in CLOSE_WAIT of SocketLab[\(lab.pid)]")
      #expect(shown.lines.contains("Nothing was done. Run it at a terminal, or with --yes."))
      #expect(
        shown.lines.contains { $0.contains("touch 1 socket not known to be older than 10 s") })
      #expect(
        shown.lines.contains { $0.contains("touch 1 socket of another local port") },
        "\(shown.lines)")
      #expect(shown.lines.contains { $0.contains("touch 1 socket that sharer[") })
      #expect(shown.lines.contains { $0.contains("the 5 stay open in the process") })
      #expect(shown.lines.allSatisfy { $0.count <= 79 })
      #expect(try Self.reset(lab).isEmpty)

      let command = ([Command.path, "release", String(lab.pid)] + options + ["--yes"])
        .joined(separator: " ")
      let done = try journal.run("\(command) 2>&1; echo \"status $?\"")
      #expect(done.suffix(2) == ["Released 5 sockets.", "status 0"])
      #expect(try Self.reset(lab) == Set(ports.usual))
      #expect(try lab.ask("descriptors") == "descriptors open=8 dead=5")

      let entry = try journal.wait(
        for: "journalctl -D /run/log/journal -q -o verbose CLOSEWATCH_EVENT=released"
      ) { !$0.isEmpty }
      for field in [
        "CLOSEWATCH_RELEASED=5", "CLOSEWATCH_GONE=0", "CLOSEWATCH_FAILED=0", "CLOSEWATCH_UID=0",
        "CLOSEWATCH_PID=\(lab.pid)", "CLOSEWATCH_COMMAND=SocketLab", "OBJECT_COMM=SocketLab",
        "CLOSEWATCH_OLDER_THAN_SECONDS=10.000",
      ] {
        #expect(entry.contains("    \(field)"), "\(field) in \(entry)")
      }
      #expect(entry.count { $0.hasPrefix("    CLOSEWATCH_SOCKET=") } == 5)
      let history = try journal.run("\(Command.path) history --directory /run/log/journal")
      #expect(
        history.contains("RELEASED 5 sockets in CLOSE_WAIT: SocketLab[\(lab.pid)]"), "\(history)")

      let again = try Self.run(lab, options + ["--yes"])
      #expect(again.status == 0)
      #expect(again.lines.first?.hasPrefix("Nothing to release: ") == true)
    }
  }

  @Test func `a shared socket goes only with --shared, the limit takes the oldest`() throws {
    try Lab.with("release", count: Self.count) { lab in
      let ports = try Ports(lab)
      try sleep(3)
      let run = try Self.run(
        lab, ["--older-than", "1s", "--limit", "1", "--shared", "--yes"])
      #expect(run.status == 0, "\(run.lines)")
      #expect(run.lines.contains { $0.contains("held by sharer[") })
      #expect(run.lines.contains { $0.contains("touch 6 sockets beyond --limit 1") })
      #expect(run.lines.contains("Released 1 socket."))
      // It was made first.
      #expect(try Self.reset(lab) == [ports.shared])
    }
  }

  @Test(.requires(.command("setpriv")))
  func `without the capability one line says so, and nothing happens`() throws {
    try Lab.with("release", count: Self.count) { lab in
      try sleep(2)
      let without = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"]
      let run = try Self.run(lab, ["--older-than", "1s", "--yes"], as: without)
      #expect(run.status == 2)
      #expect(
        run.lines == [
          "closewatch: cannot release sockets without CAP_NET_ADMIN; run as root"
        ])
      #expect(try Self.reset(lab).isEmpty)
    }
  }

  @Test(.requires(.command("setpriv")))
  func `who may not look at the process is told so`() throws {
    try Lab.with("release", count: Self.count) { lab in
      let nobody = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
      let run = try Self.run(lab, ["--older-than", "1s"], as: nobody)
      #expect(run.status == 2)
      #expect(
        run.lines == [
          "closewatch: cannot look at the descriptors of process \(lab.pid): "
            + "run as root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"
        ])
    }
  }

  @Test func `at a terminal it asks, and only a yes does it`() throws {
    try Lab.with("release", count: Self.count) { lab in
      let ports = try Ports(lab)
      try sleep(3)
      let arguments = [
        "release", String(lab.pid), "--older-than", "1s", "--port", String(ports.listener),
      ]
      for answer in ["n", "", "yess"] {
        let program = try #require(TerminalProgram(arguments, on: [.input, .output]))
        #expect(program.shows("Release 5 sockets? [y/N] "))
        program.type("\(answer)\n")
        #expect(program.end() == 1)
        #expect(program.shown.contains("Nothing was done."))
        #expect(try Self.reset(lab).isEmpty)
      }
      // What is closed while the person reads is not released, and is counted.
      let program = try #require(TerminalProgram(arguments, on: [.input, .output]))
      #expect(program.shows("Release 5 sockets? [y/N] "))
      #expect(try lab.ask("close \(ports.usual[2])") == "closed")
      program.type("y\n")
      #expect(program.end() == 0)
      #expect(program.shown.contains("Released 4 sockets; 1 already gone."))
      var expected = Set(ports.usual)
      // The process closed it with the end of stream unread: that is no reset.
      expected.remove(ports.usual[2])
      #expect(try Self.reset(lab).isSuperset(of: expected))
      #expect(!(try Self.reset(lab)).contains(ports.shared))
      #expect(!(try Self.reset(lab)).contains(ports.other))
    }
  }

  @Test func `what cannot be is refused in one line`() throws {
    for (arguments, words) in [
      (["release", "999999999", "--older-than", "1s"], "there is no process 999999999"),
      (["release", "nginx", "--older-than", "1s"], "write the number of a process"),
      (["release", "1"], "--older-than"),
      (["release", "1", "--older-than", "1s", "--limit", "0"], "--limit must be at least 1"),
      (["release", "1", "--older-than", "0s"], "it must be more than 0"),
    ] {
      let run = try #require(Command.run(arguments))
      #expect(run.status == 2 && run.output.isEmpty, "\(arguments): \(run.output)")
      #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
      #expect(run.errors.contains(words), "\(run.errors)")
    }
  }

  private func sleep(_ seconds: Int) throws {
    _ = try ChildProgram.run("sleep", [String(seconds)])
  }
}
