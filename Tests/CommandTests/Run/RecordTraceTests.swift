// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// `closewatch record --trace`, and its replay.
@Suite struct RecordTraceTests {
  private static let leaking = """
    import socket, time
    kept = []
    listener = socket.create_server(('127.0.0.1', 0))
    def leak():
        client = socket.create_connection(listener.getsockname())
        server = listener.accept()[0]
        client.close()
        while server.recv(10): pass
        kept.append(server)
    print('ready', flush=True)
    while True:
        leak(); time.sleep(0.2)
    """

  @Test(.requires(.root, .tracing, .command("python3")))
  func `what was traced is in the recording, and its replay says the same`() throws {
    let directory = TemporaryDirectory()
    directory.write("leaking.py", Array(Self.leaking.utf8))
    let program = try ChildProgram("/usr/bin/python3", [directory.path + "/leaking.py"])
    #expect(try program.readLine() == "ready")
    let recording = directory.path + "/recording"
    let record = try #require(
      Command.run(["record", "--for", "3s", "--trace", "\(program.pid)", recording]))
    #expect(record.status == 0, "\(record.errors)")
    let hint = "closewatch: the recording has a trace: closewatch trace --replay \(recording)\n"
    #expect(record.errors.hasSuffix(hint), "\(record.errors)")

    let text = try #require(Command.run(["trace", "--replay", recording]))
    #expect(text.status == 1)
    #expect(text.output.contains("leak leaking.py:8 -> recv() = 0"), "\(text.output)")
    let json = try #require(Command.run(["trace", "--replay", recording, "--json"]))
    #expect(
      json.output
        == directory.read("recording/trace.json").map { String(decoding: $0, as: UTF8.self) })
    #expect(!json.output.contains("/"), "\(json.output)")
    let triage = try #require(Command.run(["triage", "--replay", recording]))
    #expect(triage.errors == hint)
  }

  @Test(.requires(.root, .tracing))
  func `where there is nothing to trace nothing is recorded`() throws {
    let directory = TemporaryDirectory()
    let recording = directory.path + "/recording"
    let record = try #require(
      Command.run(["record", "--for", "1s", "--trace", "4194304", recording]))
    #expect(record.status == 2)
    #expect(record.errors == "closewatch: there is no process 4194304\n")
    #expect(directory.read("recording/recording.txt") == nil)
  }

  @Test func `a recording without a trace says so, and a hostile one where it is wrong`() throws {
    let directory = TemporaryDirectory()
    func replay() throws -> Command.Outcome {
      try #require(Command.run(["trace", "--replay", directory.path]))
    }
    let path = directory.path
    #expect(
      try replay().errors == "closewatch: the recording \(path) has no trace: make one with"
        + " closewatch record --trace\n")
    directory.write("trace.json", Array("{\"schema_version\":1}".utf8))
    let damaged = try replay()
    #expect(damaged.status == 2)
    #expect(damaged.output.isEmpty)
    #expect(
      damaged.errors
        == "closewatch: cannot replay \(path)/trace.json: a trace: early_end is missing\n")
    _ = try ChildProgram.run("ln", ["-sf", "/etc/passwd", path + "/trace.json"])
    #expect(try replay().errors.contains("trace.json is a symbolic link"))
  }

  @Test func `a trace that is not shown or not copied is said to be there`() throws {
    let directory = TemporaryDirectory()
    let recording = directory.path + "/recording"
    let look = try #require(Command.run(["record", recording]))
    #expect(look.status == 0, "\(look.errors)")
    // Also one that nobody can read.
    _ = try ChildProgram.run("ln", ["-s", "/nowhere", recording + "/trace.json"])
    let command = "closewatch trace --replay \(recording)\n"
    let triage = try #require(Command.run(["triage", "--replay", recording]))
    #expect(triage.errors == "closewatch: the recording has a trace: \(command)")
    let copy = try #require(
      Command.run(["record", "--replay", recording, directory.path + "/copy"]))
    #expect(
      copy.errors.hasSuffix(
        "closewatch: the trace of the recording was not copied; to read it: \(command)"))
    #expect(directory.read("copy/trace.json") == nil)
  }

  @Test(arguments: [
    (["trace"], "say what to watch: a pid, a unit, or a port"),
    (["trace", "1", "--replay", "x"], "--replay takes no target"),
    (["record", "--trace", "1", "x"], "--trace needs --for: how long to watch"),
    (["record", "--for", "1s", "--trace", "1", "--replay", "y", "x"], "--trace watches this"),
  ])
  func `what cannot be is refused in a line`(arguments: [String], words: String) throws {
    let run = try #require(Command.run(arguments))
    #expect(run.status == 2)
    #expect(run.errors.hasPrefix("closewatch: \(words)"), "\(run.errors)")
  }
}
