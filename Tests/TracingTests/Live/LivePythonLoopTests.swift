// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// Real traces of Python's event loops, which read for all their sockets: who handles one is on no
/// stack, and is known from the loop's own transports.
@Suite(.serialized, .requires(.root, .tracing, .command("gcc"), .command("python3")))
struct LivePythonLoopTests {
  private static let rates = [(count: 6, gap: 700_000), (count: 600, gap: 5000)]

  /// A CPython that has a module with a loop.
  struct Loop: CustomTestStringConvertible, Sendable {
    var interpreter: String
    var module: String
    var testDescription: String { "\(module) of \(interpreter)" }
  }

  /// asyncio's own of all, and uvloop where it is installed.
  private static let loops: [Loop] = {
    let own = PythonProgram.known.map { Loop(interpreter: $0, module: "asyncio") }
    return own
      + own.filter { loop in
        (try? ChildProgram.run(loop.interpreter, ["-c", "import uvloop"]).status) == 0
      }.map { Loop(interpreter: $0.interpreter, module: "uvloop") }
  }()

  private func trace(
    _ loop: Loop, _ mode: String, _ mix: String, _ rate: (count: Int, gap: Int), before: Int = 0
  ) throws -> TracedReport {
    let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let server = try ChildProgram(
      loop.interpreter, ["-E", "/\(folder)/Programs/leaking.py", mode, loop.module])
    let client = try TracedProgram()
    let port = try #require(try server.readLine())
    try client.send(to: port, count: before, gap: min(rate.gap, 50000), mix)
    let trace = try RunningTrace("\(server.pid)", seconds: rate.count * rate.gap / 1_000_000 + 4)
    try client.send(to: port, count: rate.count, gap: rate.gap, mix)
    return try trace.report()
  }

  @Test(arguments: loops, rates)
  func `the protocol that was told of the end is named, also of what was stuck before`(
    loop: Loop, rate: (count: Int, gap: Int)
  ) throws {
    let report = try trace(loop, "loop", "ududdu", rate, before: 6)
    #expect(report.stuck == rate.count / 2 + 3)
    #expect(report.leads == ["end-listener Upload.eof_received": rate.count / 2 + 3])
    let lead = report.groups.first?.frames.first
    #expect(lead?.file?.hasSuffix("/leaking.py") == true)
    #expect(lead?.line == 48)
    #expect(!report.names("Download.eof_received"), "it closes")
  }

  @Test(arguments: loops, rates)
  func `the task that handles a stream is named where it waits, and where it has ended`(
    loop: Loop, rate: (count: Int, gap: Int)
  ) throws {
    let report = try trace(loop, "streams", "udkddu", rate, before: 6)
    let third = rate.count / 3 + 2
    let sixth = rate.count / 6 + 1
    #expect(report.stuck == third + sixth)
    #expect(
      report.leads == ["waiting-task upload_stream": third, "ended-task handle_stream": sixth])
    let waiting = report.groups.first { $0.kind == "waiting-task" }
    #expect(waiting?.own == ["upload_stream", "handle_stream"])
    #expect(waiting?.frames.filter(\.own).map(\.line) == [103, 109])
  }

  @Test(arguments: loops)
  func `a descriptor that a closed transport had before is not handled by it`(
    loop: Loop
  ) throws {
    let report = try trace(loop, "loop", "wwwddd", (count: 6, gap: 50000), before: 6)
    #expect(report.stuck == 6)
    // Three were taken out before the watch.
    #expect(report.unknown == 3)
    #expect(report.leads == ["end-of-stream read_all": 3])
  }
}
