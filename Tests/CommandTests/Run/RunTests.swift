// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// `closewatch run` on real processes: what it finds, and what it ends with.
@Suite(.requires(.command("python3"))) struct RunTests {
  @Test(arguments: [
    ("exit 0", 0), ("exit 1", 1), ("exit 77", 77), ("exit 255", 255), ("kill -9 $$", 137),
    ("kill -TERM $$", 143), ("kill -SEGV $$", 139), ("echo words; echo others >&2; exit 3", 3),
  ])
  func `status and output of a command that leaves nothing are its own`(
    _ script: String, _ status: Int32
  ) throws {
    let run = try RunSuite.run([], ["sh", "-c", script])
    #expect(run.status == status)
    #expect(run.output == (script.contains("words") ? "words\n" : ""))
    #expect(run.errors == (script.contains("others") ? "others\n" : ""))
  }

  @Test func `one accepted connection that is not closed is told, and the status is 1`() throws {
    let run = try RunSuite("leak_server(); print('passed', flush=True); time.sleep(2)").run()
    #expect(run.status == 1)
    #expect(run.output == "passed\n")
    let words = run.errors.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.hasPrefix("closewatch: 1 socket left open for longer than 500 ms python3 suite"))
    #expect(words.contains("left 1 connection from 127.0.0.1:"), "\(words)")
    #expect(words.contains(", in CLOSE_WAIT (fd "), "\(words)")
    #expect(words.hasSuffix("closewatch: exit status 1; the command's own was 0"))
  }

  @Test func `an accepted connection counts although its listener is gone before any look`()
    throws
  {
    let leak = try RunSuite(
      """
      brief = socket.create_server(('127.0.0.1', 0))
      client = socket.create_connection(brief.getsockname()); kept.append(brief.accept()[0])
      brief.close(); client.close(); time.sleep(2)
      """
    ).run()
    #expect(leak.status == 1)
    #expect(leak.errors.contains(", accepted on"), "\(leak.errors)")
  }

  @Test func `a client's connection may be of a pool, and counts when it is strict`() throws {
    let suite = RunSuite("leak_client(); time.sleep(2)")
    let usual = try suite.run()
    #expect(usual.status == 0)
    #expect(usual.errors.contains("not counted: 1 socket that may be a client's pool; --strict"))
    let strict = try suite.run(["--strict"])
    #expect(strict.status == 1)
    #expect(strict.errors.contains("1 connection to 127.0.0.1:"))
    let many = try RunSuite("for _ in range(10): leak_client()\ntime.sleep(2)").run()
    #expect(many.status == 1)
  }

  @Test func `a descriptor on a connection that was reset is told`() throws {
    let run = try RunSuite("leak_dead(); time.sleep(3)").run()
    #expect(run.status == 1)
    #expect(run.errors.contains("dead, and its descriptor open"), "\(run.errors)")
  }

  @Test func `a suite that closes what it opens ends with 0 and nothing is said`() throws {
    let suite = RunSuite(
      """
      for _ in range(50):
          client, server = pair(); client.close(); server.close(); time.sleep(0.02)
      """)
    let run = try suite.run(["--strict"])
    #expect(run.status == 0)
    #expect(run.errors.isEmpty, "\(run.errors)")
  }

  @Test func `what is allowed by its place is not counted`() throws {
    let suite = RunSuite("leak_server(); time.sleep(2)")
    let run = try suite.run(["--allow", "127.0.0.1:*"])
    #expect(run.status == 0)
    #expect(run.errors.contains("1 socket that --allow allows"))
    #expect(try suite.run(["--allow", "192.0.2.1:*"]).status == 1)
  }

  @Test func `the status of a command that failed stays, with the report`() throws {
    let run = try RunSuite("leak_server(); time.sleep(2); sys.exit(4)").run()
    #expect(run.status == 4)
    #expect(run.errors.contains("1 socket left open"))
    #expect(!run.errors.contains("exit status"))
  }

  @Test func `a leak of a process that was left behind is waited for`() throws {
    let run = try RunSuite(
      """
      if os.fork() == 0:
          os.setsid()
          if os.fork() == 0:
              time.sleep(0.5); leak_server(); time.sleep(8)
          os._exit(0)
      os.wait()
      """
    ).run(["--grace", "1s"])
    #expect(run.status == 1, "\(run.errors)")
  }

  @Test func `what a child has inherited is told of it once its parent has closed`() throws {
    let run = try RunSuite(
      """
      client, server = pair(); client.close()
      if os.fork() == 0:
          time.sleep(2); os._exit(0)
      server.close(); os.wait()
      """
    ).run()
    #expect(run.status == 1)
    #expect(run.errors.contains("1 socket left open"))
  }

  @Test func `tests that follow each other at once do not keep a leak from being seen`() throws {
    let run = try RunSuite(
      """
      leak_server()
      end = time.time() + 3
      while time.time() < end:
          client, server = pair(); client.close(); server.close(); say('test one')
      kept.pop().close()
      """
    ).run()
    #expect(run.status == 1)
    #expect(run.errors.contains("1 socket left open"), "\(run.errors)")
  }

  @Test func `each process of a suite that says it is through is answered`() throws {
    let run = try RunSuite(
      """
      leak_client()
      children = 0
      for _ in range(3):
          if os.fork() == 0: say('end'); os._exit(0)
      say('end')
      for _ in range(3): children |= os.wait()[1]
      sys.exit(9 if children else 0)
      """
    ).run(["--grace", "1s"])
    #expect(run.status == 0, "\(run.errors)")
  }

  @Test func `children that end at once do no harm`() throws {
    let run = try RunSuite.run(
      [], ["sh", "-c", "for i in $(seq 200); do sh -c 'true' & done; wait; exit 5"])
    #expect(run.status == 5)
    #expect(run.errors.isEmpty)
  }

  @Test func `each of 200 processes is seen`() throws {
    let suite = RunSuite(
      """
      for _ in range(200):
          if os.fork() == 0:
              leak_server(); time.sleep(8); os._exit(0)
      for _ in range(200): os.wait()
      """)
    let run = try suite.run(["--json", suite.place("report")])
    #expect(run.status == 1)
    #expect(run.errors.contains("200 sockets left open"), "\(run.errors)")
    let pids = Set(
      try #require(suite.read("report")).split(separator: "\"pid\":").dropFirst()
        .map { $0.prefix { $0.isNumber } })
    #expect(pids.count == 200)
  }

  @Test(.requires(.root, .networkNamespaces))
  func `a leak in a network namespace of the suite's own is found`() throws {
    let suite = RunSuite("leak_server(); time.sleep(2)")
    let run = try RunSuite.run(
      ["--grace", "500ms"],
      [
        "unshare", "--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh",
        "/usr/bin/python3", suite.path,
      ])
    #expect(run.status == 1, "\(run.errors)")
  }

  @Test func `what others on this machine have open is not told`() throws {
    let other = RunSuite("leak_server(); print('ready', flush=True); time.sleep(6)")
    let neighbour = try ChildProgram("/usr/bin/python3", [other.path])
    #expect(try neighbour.readLine() == "ready")
    let run = try RunSuite("time.sleep(2)").run(["--strict"])
    #expect(run.status == 0)
    #expect(run.errors.isEmpty, "\(run.errors)")
  }
}
