// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// The command under `closewatch run` is as it would be without: signals, terminal, descriptors.
@Suite(.requires(.command("python3"))) struct RunMannersTests {
  private static func shell(_ script: String) throws -> (status: Int32, lines: [String]) {
    try ChildProgram.run("sh", ["-c", script, Command.path])
  }

  @Test(arguments: ["", "trap '' INT HUP PIPE CHLD; "])
  func `signals, rights and descriptors are those of the caller`(_ trap: String) throws {
    let look =
      "sh -c 'grep -E \"^(Sig(Blk|Ign|Cgt)|Cap|NoNewPrivs|Seccomp:|Groups)\" /proc/self/status;"
      + " ls /proc/$$/fd; readlink /proc/$$/fd/0; ps -o pgid=,sid= -p $$ | tr -d \" \"'"
    // One shell runs both: what it has inherited from the tests, other tests change at any moment.
    let ways = ["", "\"$0\" run -- "].map { "echo run; \($0)\(look) </dev/null | sed s/PGID//; " }
    let runs = try Self.shell(trap + ways.joined()).lines.split(separator: "run")
    try #require(runs.count == 2)
    #expect(runs[0].count > 8)
    // Its process group may be its own.
    #expect(runs[1].dropLast() == runs[0].dropLast())
    #expect(runs[1].last?.isEmpty == false)
  }

  @Test func `standard input is the command's, and nothing of its output is changed`() throws {
    let run = try Self.shell("printf 'one\\ntwo' | \"$0\" run -- cat")
    #expect(run.lines == ["one", "two"] || run.lines == ["one"])
    let closed = try Self.shell("\"$0\" run -- yes | head -n 2; echo ended")
    #expect(closed.lines == ["y", "y", "ended"])
  }

  @Test(arguments: [("TERM", 43), ("INT", 42), ("USR1", 44), ("HUP", 45)])
  func `a signal to closewatch reaches the command once`(_ signal: String, _ status: Int) throws {
    let suite = RunSuite(
      """
      came = []
      for name, code in [('TERM', 43), ('INT', 42), ('USR1', 44), ('HUP', 45)]:
          signal.signal(getattr(signal, 'SIG' + name), lambda n, f, code=code: came.append(code))
      print('ready', flush=True)
      end = time.time() + 10
      while not came and time.time() < end: time.sleep(0.05)
      time.sleep(0.4)
      sys.exit(came[0] if len(came) == 1 else 99)
      """)
    let run = try ChildProgram(Command.path, ["run", "--", "/usr/bin/python3", suite.path])
    #expect(try run.readLine() == "ready")
    _ = try ChildProgram.run("sh", ["-c", "kill -\(signal) \(run.pid)"])
    while try run.readLine() != nil {}
    #expect(run.end() == Int32(status))
  }

  @Test func `a signal that ends the command is its status`() throws {
    let run = try ChildProgram(
      Command.path, ["run", "--", "sh", "-c", "echo ready; exec sleep 20"])
    #expect(try run.readLine() == "ready")
    kill(run.pid, SIGTERM)
    while try run.readLine() != nil {}
    #expect(run.end() == 128 + SIGTERM)
  }

  @Test func `Ctrl-C at a terminal reaches the command once, and the terminal is its own`() throws {
    let directory = TemporaryDirectory()
    directory.write(
      "terminal.py",
      Array(
        """
        import os, pty, sys, time, select
        inner = r'''
        import signal, sys, time, os
        came = []
        signal.signal(signal.SIGINT, lambda n, f: came.append(n))
        print('ready', sys.stdin.isatty(), os.tcgetpgrp(0) == os.getpgrp(), flush=True)
        end = time.time() + 10
        while not came and time.time() < end: time.sleep(0.05)
        time.sleep(0.4)
        print('came', len(came), flush=True)
        sys.exit(7)
        '''
        pid, fd = pty.fork()
        if pid == 0:
            os.execv(sys.argv[1], [sys.argv[1], 'run', '--', '/usr/bin/python3', '-c', inner])
        text = b''
        sent = False
        while True:
            try: piece = os.read(fd, 4096)
            except OSError: break
            if not piece: break
            text += piece
            if b'ready' in text and b'\\n' in text and not sent:
                sent = True
                time.sleep(0.2); os.write(fd, b'\\x03')
        print(text.decode().replace('\\r', ''))
        print('status', os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

        """.utf8))
    let run = try ChildProgram.run(
      "/usr/bin/python3", [directory.path + "/terminal.py", Command.path])
    #expect(run.lines.contains("ready True True"), "\(run.lines)")
    #expect(run.lines.contains { $0.hasSuffix("came 1") }, "\(run.lines)")
    #expect(run.lines.last == "status 7")
  }

  @Test(arguments: [("/nonexistent/tests", 127), ("no-such-program", 127), ("/etc/passwd", 126)])
  func `a command that cannot be executed is one line and the status of a shell`(
    _ command: String, _ status: Int32
  ) throws {
    let run = try RunSuite.run([], [command])
    #expect(run.status == status)
    #expect(run.errors.hasPrefix("closewatch: cannot execute \(command): "))
    #expect(run.errors.split(separator: "\n").count == 1)
  }
}
