// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// Traces of programs whose surroundings change, or are not ours.
@Suite(.serialized, .requires(.root, .tracing, .mountNamespaces, .command("gcc")))
struct TraceSurroundingsTests {
  @Test func `a program in a mount namespace of its own has its names`() throws {
    let program = try TracedProgram()
    let script = """
      mount -t tmpfs none /mnt && cp "$0" /mnt/web && exec /mnt/web serve
      """
    let server = try ChildProgram("unshare", ["--mount", "sh", "-c", script, program.path])
    let port = try #require(try server.readLine())
    let trace = try RunningTrace("\(server.pid)")
    try program.send(to: port, count: 23, "u")
    #expect(try trace.report().leads == ["end-of-stream read_all": 23])
  }

  @Test func `a program that was replaced on disk has the names that it runs with`() throws {
    let program = try TracedProgram()
    let copy = "\(program.directory.path)/web"
    #expect(try ChildProgram.run("cp", [program.path, copy]).status == 0)
    let (server, port) = try program.serve(by: copy)
    let replaced = try ChildProgram.run(
      "sh", ["-c", "cp /bin/sh \"$0.new\" && mv \"$0.new\" \"$0\"", copy])
    #expect(replaced.status == 0)
    let trace = try RunningTrace("\(server.pid)")
    try program.send(to: port, count: 23, "u")
    #expect(try trace.report().leads == ["end-of-stream read_all": 23])
  }

  @Test func `two traces of one process both see everything`() throws {
    let program = try TracedProgram()
    let (server, port) = try program.serve()
    let traces = [
      try RunningTrace("\(server.pid)"), try RunningTrace("\(server.pid)"),
    ]
    try program.send(to: port, count: 23, "u")
    for trace in traces { #expect(try trace.report().leads == ["end-of-stream read_all": 23]) }
  }

  @Test(.requires(.command("strace")))
  func `no other process is asked where it is: one of them may hang`() throws {
    let program = try TracedProgram()
    let (server, _) = try program.serve()
    let log = "\(program.directory.path)/calls"
    let trace = try ChildProgram.run(
      "strace",
      [
        "-f", "-o", log, "-e", "trace=readlink,readlinkat,openat",
        ChildProgram.built("closewatch-trace"), "trace", "\(server.pid)", "--for", "1s", "--json",
      ])
    #expect(trace.status == 0)
    let calls = String(decoding: try #require(readBytes(log)), as: UTF8.self).split(separator: "\n")
    let asked = Set(
      calls.compactMap { call in
        call.contains("ns/net") || call.contains("/fd")
          ? call.firstMatch(of: /(\d+)\/(ns|fd)/)?.1 : nil
      })
    #expect(asked == ["\(server.pid)"])
  }

  @Test func `of sockets that leaked before the watch it says that nothing is known`() throws {
    let program = try TracedProgram()
    let (server, port) = try program.serve()
    try program.send(to: port, count: 23, "u")
    let trace = try RunningTrace("\(server.pid)", seconds: 1)
    let report = try trace.report()
    #expect(report.stuck == 23)
    #expect(report.unknown == 23)
    #expect(report.groups.isEmpty)
  }

  @Test func `a trace ends with its process, and says so`() throws {
    let program = try TracedProgram()
    let (server, _) = try program.serve()
    let trace = try RunningTrace("\(server.pid)", seconds: 600)
    kill(server.pid, SIGKILL)
    #expect(try trace.report(within: 20).stuck == nil)
    #expect(trace.program.end() == 2)
  }

  @Test func `a trace ends where its process executes another program`() throws {
    let shell = try ChildProgram("sh", ["-c", "read line; exec sleep 600"])
    let trace = try RunningTrace("\(shell.pid)", seconds: 600)
    shell.send("go")
    #expect(try trace.report(within: 20).stuck == nil)
    #expect(trace.program.end() == 2)
  }

  @Test func `a signal ends the watch, and what was seen is told`() throws {
    let program = try TracedProgram()
    let (server, port) = try program.serve()
    let trace = try RunningTrace("\(server.pid)")
    try program.send(to: port, count: 23, "u")
    #expect(try trace.report(within: 20).leads == ["end-of-stream read_all": 23])
  }

  @Test(arguments: [SIGKILL, SIGSTOP])
  func `when the process that reads names is killed or hangs, only names are lost`(
    signal: Int32
  ) throws {
    let program = try TracedProgram()
    let (server, port) = try program.serve()
    let trace = try RunningTrace("\(server.pid)")
    try program.send(to: port, count: 23, "u")
    sleep(1)
    kill(trace.program.pid, SIGINT)
    let namer = try #require(Self.namer(of: trace.program.pid))
    kill(namer, signal)
    let report = try trace.report()
    #expect(report.stuck == 23)
    #expect((report.unknown ?? 0) + report.groups.reduce(0) { $0 + $1.sockets } == 23)
    #expect(report.groups.allSatisfy { $0.own.starts(with: ["read_all", "handle_upload"]) })
    #expect(kill(namer, 0) != 0)
  }

  /// The process that reads names, once there is one.
  private static func namer(of tracer: pid_t) -> pid_t? {
    for _ in 0..<40_000 {
      for child in text("/proc/\(tracer)/task/\(tracer)/children").split(separator: " ")
      where text("/proc/\(child)/comm") == "closewatch-name\n" { return pid_t(child) }
      usleep(200)
    }
    return nil
  }

  @Test func `in a container with pids of its own it says where to run it`() throws {
    let run = try ChildProgram.run(
      "unshare",
      [
        "--pid", "--fork", "--mount-proc", "sh", "-c", "exec \"$@\" 2>&1", "sh",
        ChildProgram.built("closewatch-trace"), "trace", "1",
      ])
    #expect(run.status == 2)
    #expect(run.lines.first?.contains("run it on the host") == true, "\(run.lines)")
  }

  @Test func `nobody but root is told that it needs root`() throws {
    let run = try ChildProgram.run(
      "setpriv",
      [
        "--reuid=65534", "--clear-groups", "sh", "-c", "exec \"$@\" 2>&1", "sh",
        ChildProgram.built("closewatch-trace"), "trace", "\(getpid())",
      ])
    #expect(run.status == 2)
    #expect(run.lines.count == 1)
    #expect(run.lines.first?.contains("needs root; run it with sudo") == true, "\(run.lines)")
  }

  private static func text(_ path: String) -> String {
    guard let file = fopen(path, "r") else { return "" }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }
}
