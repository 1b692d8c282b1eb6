// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// What is said of the threads of real processes that are stuck.
@Suite(.serialized, .requires(.root)) struct LiveStacksTests {
  private let folder = "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/")

  private func stacks(of process: ChildProgram) throws -> String {
    #expect(try process.readLine() == "waiting")
    let outcome = try ChildProgram.run(
      ChildProgram.built("closewatch-trace"), ["stacks", "\(process.pid)", "--color", "never"])
    #expect(outcome.status == 0)
    // As one line: where a text is folded does not matter here.
    return outcome.lines.joined(separator: " ").split(separator: " ").joined(separator: " ")
  }

  @Test(.requires(.command("gcc")))
  func `threads that wait for a lock are told with the backend that its holder waits for`() throws {
    let directory = TemporaryDirectory()
    let program = "\(directory.path)/waiting"
    let built = try ChildProgram.run(
      "gcc", ["-O2", "-g", "-pthread", "-o", program, "\(folder)/Programs/waiting.c"])
    try #require(built.status == 0)
    let process = try ChildProgram(program, [])
    let text = try stacks(of: process)
    #expect(text.contains("now: 21 threads"))
    #expect(text.contains("19 threads wait for a lock that thread"))
    #expect(text.contains("in recv() on fd"))
    #expect(text.contains("to 127.0.0.1:"))
    #expect(text.contains("fetch_price waiting.c:22 <- refresh_all waiting.c:28"))
    // It goes on as if nothing had been: its read of standard input is not interrupted.
    process.send("end")
    #expect(process.end() == 0)
  }

  @Test(.requires(.command("python3")), arguments: PythonProgram.known)
  func `threads of CPython are told by its own calls`(interpreter: String) throws {
    let process = try ChildProgram(interpreter, ["-E", "\(folder)/Programs/waiting.py"])
    let text = try stacks(of: process)
    #expect(text.contains("19 threads"))
    #expect(text.contains("at refresh_all waiting.py:18"))
    #expect(text.contains("fetch_price waiting.py:14 <- refresh_all waiting.py:19"))
    process.send("end")
    #expect(process.end() == 0)
  }

  @Test(.requires(.command("gcc")))
  func `a thread that stops on its way to a handler comes there`() throws {
    let directory = TemporaryDirectory()
    let program = "\(directory.path)/signals"
    let built = try ChildProgram.run("gcc", ["-O2", "-o", program, "\(folder)/Programs/signals.c"])
    try #require(built.status == 0)
    let process = try ChildProgram(program, [])
    #expect(try process.readLine() == "waiting")
    for _ in 0..<40 {
      let outcome = try ChildProgram.run(
        ChildProgram.built("closewatch-trace"), ["stacks", "\(process.pid)", "--color", "never"])
      #expect(outcome.status == 0)
    }
    process.send("end")
    #expect(try process.readLine() == "0")
  }

  /// The pipe's name is the number of a socket: what looks for digits takes it for the connection.
  @Test(.requires(.command("python3")))
  func `a file whose name is a number is told as no connection, and its script is named`() throws {
    let directory = TemporaryDirectory()
    let script = """
      import os, socket
      listener = socket.create_server(("127.0.0.1", 0))
      client = socket.create_connection(listener.getsockname())
      os.mkdir("/dev/shm/pipes")
      name = f"/dev/shm/pipes/{os.fstat(client.fileno()).st_ino}"
      os.mkfifo(name)
      pipe = os.open(name, os.O_RDWR)
      os.unlink(name)
      os.rmdir("/dev/shm/pipes")
      print("waiting", flush=True)
      os.read(pipe, 1)
      """
    directory.write("waiting.py", Array(script.utf8))
    let process = try ChildProgram("/usr/bin/python3", ["-E", directory.path + "/waiting.py"])
    let text = try stacks(of: process)
    #expect(text.contains("STACKS of python3 waiting.py ["), "\(text)")
    #expect(text.contains("in read() on fd"))
    #expect(!text.contains("to 127.0.0.1:"), "\(text)")
  }

  @Test func `a process that is not there is said to be that`() throws {
    let outcome = try ChildProgram.run(
      "sh", ["-c", "exec \(ChildProgram.built("closewatch-trace")) stacks 4194303 2>&1"])
    #expect(outcome.status == 2)
    #expect(outcome.lines == ["closewatch: there is no process 4194303"])
  }
}
