// SPDX-License-Identifier: Apache-2.0

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
    _ report: TracedReport, _ leaks: Int, own: [String], file: String?, line: Int, clean: String
  ) {
    #expect(report.stuck == leaks)
    #expect(report.unknown <= report.lost_events)
    #expect(report.leads == ["end-of-stream \(own[0])": leaks - report.unknown])
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
    check(
      report, leaks, own: ["read_all", "handle_upload", "handle"], file: "/leaking.py", line: 13,
      clean: "handle_download")
  }

  @Test(.requires(.command("python3")), arguments: PythonProgram.known, rates)
  func `the event loop of CPython does not hide who was told of the end`(
    interpreter: String, rate: (count: Int, gap: Int)
  ) throws {
    let server = try ChildProgram(interpreter, ["-E", source("leaking.py"), "loop"])
    let (leaks, report) = try trace(server, rate.count, rate.gap)
    #expect(report.stuck == leaks)
    // The loop reads for all of them, before it calls anybody: of the program only its beginning is
    // on the stack, and no handler may be named.
    #expect(report.groups.allSatisfy { $0.own == ["<module>"] })
    #expect(
      report.groups.allSatisfy {
        $0.frames.contains { $0.file?.hasSuffix("selector_events.py") == true }
      })
  }

  @Test(.requires(.command("go")), arguments: GoProgram.Symbols.allCases, rates)
  func `a goroutine that leaks is named, also in a stripped program`(
    symbols: GoProgram.Symbols, rate: (count: Int, gap: Int)
  ) throws {
    let program = try GoProgram("leaking.go", symbols: symbols)
    let server = try ChildProgram(program.path, [])
    let (leaks, report) = try trace(server, rate.count, rate.gap)
    check(
      report, leaks, own: ["main.readAll", "main.handleUpload", "main.handle"],
      file: "/leaking.go", line: 16, clean: "main.handleDownload")
  }

  @Test(.requires(.command("javac"), .command("jcmd"), .command("jfr")), arguments: rates)
  func `a JVM that is asked names the method that leaks`(rate: (count: Int, gap: Int)) throws {
    let directory = TemporaryDirectory()
    let program = try JavaProgram("Leaking", in: directory)
    let (leaks, report) = try trace(program.child, rate.count, rate.gap, ["--use-jcmd"])
    check(
      report, leaks, own: ["Leaking.readAll", "Leaking.handleUpload", "Leaking.handle"], file: nil,
      line: 22, clean: "Leaking.handleDownload")
  }

  @Test(.requires(.command("node")), arguments: rates)
  func `a Node that is asked names the listener, also of sockets that were stuck before`(
    rate: (count: Int, gap: Int)
  ) throws {
    let server = try ChildProgram("node", [source("handlers.js")])
    let (leaks, report) = try trace(
      server, rate.count, rate.gap, ["--use-inspector"], before: 6)
    // The clean one has the same name and text: only the line tells.
    check(report, leaks, own: ["onEnd"], file: "/handlers.js", line: 8, clean: "clean")
    #expect(report.groups.allSatisfy { $0.frames.allSatisfy { $0.line == 8 } })
  }
}
