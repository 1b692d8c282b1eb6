// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// `closewatch run --exit-stop`: what processes hold where they end, on real ones.
@Suite(.requires(.command("python3"))) struct RunExitStopTests {
  private static func run(_ lines: String, _ options: [String] = ["--exit-stop"]) throws
    -> Command.Outcome
  {
    try RunSuite(lines).run(["--grace", "20s"] + options)
  }

  @Test func `what a process holds where it ends counts, however young`() throws {
    let lines = "leak_server(); os._exit(0)"
    let run = try Self.run(lines)
    #expect(run.status == 1)
    let words = run.errors.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.hasPrefix("closewatch: 1 socket left open python3 suite.py["), "\(words)")
    #expect(words.contains(", when it ended"), "\(words)")
    #expect(try Self.run(lines, []).status == 0)
  }

  @Test func `what a process holds when a signal ends it counts, and its status stays`() throws {
    let run = try Self.run("leak_server(); os.kill(os.getpid(), signal.SIGTERM)")
    #expect(run.status == 143)
    #expect(run.errors.contains("1 socket left open"), "\(run.errors)")
  }

  @Test func `a dead socket that a process holds where it ends counts`() throws {
    let run = try Self.run("leak_dead(); time.sleep(1); os._exit(0)", ["--exit-stop", "--strict"])
    #expect(run.status == 1)
    #expect(run.errors.contains("dead, and its descriptor open"), "\(run.errors)")
  }

  @Test func `each process that ends is asked, and the others go on`() throws {
    // Each with a listener of its own: at one for all, one accepts the client of another.
    let run = try Self.run(
      """
      for _ in range(5):
          if os.fork() == 0:
              listener = socket.socket(); listener.bind(('127.0.0.1', 0)); listener.listen(1)
              leak_server(); os._exit(0)
      for _ in range(5): os.wait()
      """)
    #expect(run.status == 1)
    #expect(run.errors.contains("5 sockets left open"), "\(run.errors)")
  }

  @Test func `a process that ends with its threads holds what they have opened`() throws {
    let run = try Self.run(
      """
      import threading
      for _ in range(8): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
      opener = threading.Thread(target=leak_server); opener.start(); opener.join()
      os._exit(0)
      """)
    #expect(run.status == 1)
    #expect(run.errors.contains("1 socket left open"), "\(run.errors)")
  }

  @Test func `a thread that ends takes nothing with it`() throws {
    let run = try Self.run(
      """
      import threading
      opener = threading.Thread(target=leak_server); opener.start(); opener.join()
      time.sleep(0.5); kept.pop().close()
      """)
    #expect(run.status == 0)
    #expect(run.errors.isEmpty, "\(run.errors)")
  }

  @Test func `a child that ends leaves to its parent what they share`() throws {
    let run = try Self.run(
      """
      client, server = pair(); client.close()
      if os.fork() == 0: os._exit(0)
      os.wait(); server.close()
      """)
    #expect(run.status == 0)
    #expect(run.errors.isEmpty, "\(run.errors)")
  }

  @Test(arguments: [
    ("exit 77", 77), ("kill -9 $$", 137), ("for i in $(seq 100); do true & done; wait; exit 5", 5),
    ("(sleep 0.2; kill -CONT $$) & kill -STOP $$; exit 6", 6),
  ])
  func `processes that are stopped where they end end as they would`(
    _ script: String, _ status: Int32
  ) throws {
    let run = try RunSuite.run(["--exit-stop"], ["sh", "-c", script])
    #expect(run.status == status)
    #expect(run.errors.isEmpty, "\(run.errors)")
  }

  @Test func `a program that is not there is told as without`() throws {
    let run = try RunSuite.run(["--exit-stop"], ["/nowhere/at/all"])
    #expect(run.status == 127)
    #expect(run.errors.contains("cannot execute /nowhere/at/all"))
  }
}
