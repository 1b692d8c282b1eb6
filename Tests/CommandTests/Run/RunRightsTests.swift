// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// `closewatch run` without rights, and around programs that mind being watched.
@Suite(.requires(.root, .command("python3"), .command("setpriv"))) struct RunRightsTests {
  private static let nobody = [
    "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all",
    "--bounding-set=-all",
  ]

  /// Runs closewatch as a user who has nothing.
  private static func runAsNobody(
    _ arguments: [String]
  ) throws -> (status: Int32, text: String) {
    let run = try ChildProgram.run(
      "sh", ["-c", "exec \"$@\" 2>&1", "sh"] + nobody + [Command.path, "run"] + arguments)
    return (run.status, run.lines.joined(separator: " "))
  }

  @Test func `an ordinary user sees what is the user's own`() throws {
    let suite = RunSuite("leak_server(); leak_dead(); time.sleep(3)")
    let run = try Self.runAsNobody(
      ["--strict", "--grace", "500ms", "--", "/usr/bin/python3", suite.path])
    #expect(run.status == 1)
    #expect(run.text.contains("2 sockets left open"), "\(run.text)")
  }

  /// What setuid does to a process: its user may not look into it.
  private static let hidden =
    "import ctypes; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0); leak_server(); time.sleep(2)"

  @Test func `a process that may not be looked into is named, and the rest is judged`() throws {
    let suite = RunSuite(Self.hidden)
    let run = try Self.runAsNobody(
      ["--grace", "500ms", "--", "sh", "-c", "/usr/bin/python3 \(suite.path); exit 0"])
    #expect(run.status == 0, "\(run.text)")
    #expect(run.text.contains("not seen: what python3"), "\(run.text)")
  }

  @Test func `when none may be looked into the status is 2, never the command's 0`() throws {
    let suite = RunSuite(Self.hidden)
    let run = try Self.runAsNobody(["--grace", "500ms", "--", "/usr/bin/python3", suite.path])
    #expect(run.status == 2, "\(run.text)")
    #expect(run.text.contains("could not see this run"))
    let failed = RunSuite(Self.hidden + "; sys.exit(9)")
    #expect(
      try Self.runAsNobody(["--grace", "500ms", "--", "/usr/bin/python3", failed.path]).status == 9)
  }

  private static let network = "print(os.readlink('/proc/self/ns/net'), os.getuid(), flush=True)\n"

  @Test(.requires(.networkNamespaces))
  func `a suite can have a network of its own, with a loopback that works`() throws {
    let suite = RunSuite(Self.network + "leak_server(); time.sleep(2)")
    let own = try ChildProgram.run("readlink", ["/proc/self/ns/net"]).lines
    #expect(try suite.run().output == (own + ["0"]).joined(separator: " ") + "\n")
    let run = try suite.run(["--netns"])
    #expect(run.status == 1, "\(run.errors)")
    #expect(run.output.hasPrefix("net:["))
    #expect(run.output.hasSuffix(" 0\n"))
    #expect(!run.output.contains(own[0]))
  }

  @Test func `without rights it is a user namespace, or one line says that it is not allowed`()
    throws
  {
    let suite = RunSuite(Self.network + "leak_server(); time.sleep(2)")
    let own = try ChildProgram.run("readlink", ["/proc/self/ns/net"]).lines
    let run = try Self.runAsNobody(
      ["--netns", "--grace", "500ms", "--", "/usr/bin/python3", suite.path])
    if run.status == 2 {
      #expect(run.text.hasPrefix("closewatch: cannot make a network namespace for the command: "))
      #expect(!run.text.contains("net:["))
    } else {
      #expect(run.status == 1, "\(run.text)")
      #expect(run.text.hasPrefix("net:["))
      #expect(!run.text.contains(own[0]))
      #expect(run.text.contains("] 65534 closewatch: 1 socket left open"), "\(run.text)")
    }
  }

  @Test(.requires(.command("sudo"), .mountNamespaces))
  func `sudo in a suite keeps its rights`() throws {
    let directory = TemporaryDirectory()
    directory.write("sudoers", Array("ALL ALL=(ALL) NOPASSWD: ALL\n".utf8))
    let script = """
      mount --bind "$1/sudoers" /etc/sudoers && chown 0:0 /etc/sudoers && chmod 440 /etc/sudoers
      shift; exec "$@" 2>&1
      """
    let command = Self.nobody.filter { !$0.hasPrefix("--bounding") } + [Command.path, "run", "--"]
    let run = try ChildProgram.run(
      "unshare",
      ["--mount", "sh", "-c", script, "sh", directory.path] + command
        + ["sh", "-c", "sudo -n id -u; exit 6"])
    #expect(run.status == 6)
    #expect(run.lines == ["0"])
  }

  @Test(.requires(.command("gcc"))) func `LeakSanitizer runs, and finds what it finds without`()
    throws
  {
    let directory = TemporaryDirectory()
    // Of one alone a trace may be left in a register, and then it is no leak.
    let source = """
      #include <stdlib.h>
      int main(int n, char **a) {
        void *p;
        for (int i = 0; i < 100; i++) p = malloc(n * 7);
        p = 0;
        return p != 0;
      }
      """
    directory.write("leak.c", Array(source.utf8))
    let program = directory.path + "/leak"
    let built = try ChildProgram.run(
      "gcc", ["-fsanitize=address", "-o", program, directory.path + "/leak.c"])
    try #require(built.status == 0)
    let alone = try ChildProgram.run("sh", ["-c", "exec \"$@\" 2>&1", "sh", program])
    let run = try RunSuite.run([], [program])
    #expect(run.status == alone.status)
    #expect(run.status != 0)
    #expect(run.errors.contains("LeakSanitizer: detected memory leaks"), "\(run.errors)")
    #expect(!run.errors.contains("ptrace"))
  }

  @Test(.requires(.command("strace"))) func `strace and gdb trace what they start`() throws {
    let traced = try RunSuite.run([], ["strace", "-f", "-e", "trace=exit_group", "true"])
    #expect(traced.status == 0)
    #expect(traced.errors.contains("exit_group(0)"), "\(traced.errors)")
  }

  @Test(.requires(.command("gdb"))) func `gdb stops where it is told`() throws {
    let run = try RunSuite.run(
      [],
      [
        "gdb", "-q", "-batch", "-ex", "catch syscall exit_group", "-ex", "run", "-ex",
        "info proc", "--args", "/bin/true",
      ])
    #expect(run.status == 0)
    #expect(run.output.contains("exit_group"), "\(run.output) \(run.errors)")
  }
}
