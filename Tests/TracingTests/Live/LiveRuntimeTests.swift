// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// Real traces of programs whose calls libdw cannot name, which were not prepared: in each a
/// handler that leaks and one that does not, on the same way through the runtime.
@Suite(.serialized, .requires(.root, .tracing, .command("gcc")))
struct LiveRuntimeTests {
  /// At one connection a second, and at two hundred.
  private static let rates = [(count: 6, gap: 700_000), (count: 600, gap: 5000)]
  private static let mix = "ududdu"

  /// Has connections made to a server and traces it.
  ///
  /// - Returns: How many leak, and what is said of them.
  private func trace(
    _ server: ChildProgram, _ count: Int, _ gap: Int, _ options: [String] = [], before: Int = 0
  ) throws -> (leaks: Int, TracedReport) {
    let client = try TracedProgram()
    let port = try #require(try server.readLine())
    try client.send(to: port, count: before, gap: gap, Self.mix)
    let trace = try RunningTrace("\(server.pid)", seconds: count * gap / 1_000_000 + 4, options)
    try client.send(to: port, count: count, gap: gap, Self.mix)
    return ((before + count) / 2, try trace.report())
  }

  private func source(_ name: String) -> String {
    let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    return "/\(folder)/Programs/\(name)"
  }

  private func check(
    _ report: TracedReport, _ leaks: Int, own: [String], file: String?, line: Int, clean: String,
    kind: String = "end-of-stream"
  ) throws {
    #expect(report.stuck == leaks)
    let unknown = try #require(report.unknown)
    #expect(unknown <= report.lost_events)
    #expect(report.leads == ["\(kind) \(own[0])": leaks - unknown])
    for group in report.groups {
      #expect(group.own.starts(with: own))
      let lead = group.frames.first(where: \.own)
      #expect(lead?.line == line)
      if let file { #expect(lead?.file?.hasSuffix(file) == true) }
    }
    #expect(!report.names(clean), "it closes")
  }

  @Test(.requires(.command("python3")), arguments: PythonProgram.known, rates)
  func `a thread of CPython that leaks is named by its function and line`(
    interpreter: String, rate: (count: Int, gap: Int)
  ) throws {
    let server = try ChildProgram(interpreter, ["-E", source("leaking.py"), "threads"])
    let (leaks, report) = try trace(server, rate.count, rate.gap)
    try check(
      report, leaks, own: ["read_all", "handle_upload", "handle"], file: "/leaking.py", line: 17,
      clean: "handle_download")
  }

  @Test(.requires(.command("go")), arguments: GoProgram.Symbols.allCases, rates)
  func `a goroutine that leaks is named, also in a stripped program`(
    symbols: GoProgram.Symbols, rate: (count: Int, gap: Int)
  ) throws {
    let program = try GoProgram("leaking.go", symbols: symbols)
    let server = try ChildProgram(program.path, [])
    let (leaks, report) = try trace(server, rate.count, rate.gap)
    try check(
      report, leaks, own: ["main.readAll", "main.handleUpload", "main.handle"],
      file: "/leaking.go", line: 16, clean: "main.handleDownload")
  }

  @Test(.requires(.command("javac"), .command("jcmd"), .command("jfr")), arguments: rates)
  func `a JVM that is asked names the method that leaks`(rate: (count: Int, gap: Int)) throws {
    let directory = TemporaryDirectory()
    let program = try JavaProgram("Leaking", in: directory)
    let (leaks, report) = try trace(program.child, rate.count, rate.gap, ["--use-jcmd"])
    try check(
      report, leaks, own: ["Leaking.readAll", "Leaking.handleUpload", "Leaking.handle"], file: nil,
      line: 22, clean: "Leaking.handleDownload")
  }

  @Test(.requires(.command("javac"), .command("jcmd"), .command("jfr"), .command("setpriv")))
  func `of a recording the JVM's user can change nothing while it is watched`() throws {
    let directory = TemporaryDirectory()
    chmod(directory.path, 0o755)
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    let program = try JavaProgram("Leaking", in: directory, by: nobody)
    let before = Set(recordingFolders().map(\.path))
    let trace = try RunningTrace("\(program.child.pid)", seconds: 2, ["--use-jcmd"])
    let during = recordingFolders().filter { !before.contains($0.path) }
    #expect(during.map(\.user) == [0])
    #expect(during.map(\.mode) == [0o711])
    #expect(try trace.report().stuck == 0)
    #expect(during.allSatisfy { access($0.path, F_OK) != 0 })
  }

  private func recordingFolders() -> [(path: String, user: uid_t, mode: mode_t)] {
    var found = glob_t()
    defer { globfree(&found) }
    guard glob("/tmp/closewatch-??????", 0, nil, &found) == 0 else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { index in
      guard let path = found.gl_pathv[index].map({ String(cString: $0) }) else { return nil }
      var status = stat()
      return lstat(path, &status) == 0 ? (path, status.st_uid, status.st_mode & 0o7777) : nil
    }
  }

  @Test(.requires(.command("javac"), .command("jcmd"), .command("unshare")))
  func `a JVM with other mounts is not asked, and what to run by hand is said`() throws {
    let directory = TemporaryDirectory()
    let program = try JavaProgram("Leaking", in: directory, by: ["unshare", "--mount"])
    let trace = try RunningTrace("\(program.child.pid)", seconds: 1, ["--use-jcmd"])
    let line = try #require(try trace.program.readLine(within: 60))
    #expect(line.contains("is not recorded: it sees other files"))
    #expect(line.contains("jcmd \(program.child.pid) JFR.start"))
  }

  @Test(.requires(.command("node")))
  func `of a Node that does not open its debugger in time it is said that it may later`() throws {
    let server = try ChildProgram("node", [source("handlers.js")])
    let port = try #require(try server.readLine())
    try TracedProgram().send(to: port, count: 6, gap: 5000, Self.mix)
    kill(server.pid, SIGSTOP)
    let trace = try RunningTrace("\(server.pid)", seconds: 1, ["--use-inspector"])
    let lines = try (0..<2).map { _ in try trace.program.readLine(within: 60) ?? "" }
    kill(server.pid, SIGCONT)
    #expect(lines[0].contains("opens no inspector"))
    #expect(lines[1].contains("the debugger of process \(server.pid) may still be open"))
  }

  @Test(.requires(.command("node")), arguments: rates)
  func `a Node that is asked names the listener, also of sockets that were stuck before`(
    rate: (count: Int, gap: Int)
  ) throws {
    let server = try ChildProgram("node", [source("handlers.js")])
    let (leaks, report) = try trace(
      server, rate.count, rate.gap, ["--use-inspector"], before: 6)
    // The clean one has the same name and text: only the line tells.
    try check(
      report, leaks, own: ["onEnd"], file: "/handlers.js", line: 8, clean: "clean",
      kind: "end-listener")
    #expect(report.groups.allSatisfy { $0.frames.allSatisfy { $0.line == 8 } })
  }
}
