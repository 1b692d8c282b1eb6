// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// `closewatch run --trace`: where in the code real suites leave sockets open.
@Suite(.serialized, .requires(.root, .tracing, .command("python3")))
struct RunTraceTests {
  /// Two tests that come to the same helper, of which one does not close.
  private static let twoTests = """
    def read_all(connection):
        while connection.recv(100): pass
    def test_upload():
        client, server = pair(); client.send(b'x'); client.close()
        read_all(server); kept.append(server)
    def test_download():
        client, server = pair(); client.send(b'x'); client.close()
        read_all(server); server.close()
    for _ in range(3):
        test_download(); test_upload()
    """

  private static func words(_ run: Command.Outcome) -> String {
    run.errors.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  @Test func `the test that leaks is named with its line, the other on the same way never`() throws
  {
    let suite = RunSuite(Self.twoTests + "\ntime.sleep(1.5)")
    let run = try suite.run([
      "--trace", "--json", suite.place("json"), "--sarif", suite.place("sarif"), "--junit",
      suite.place("junit"),
    ])
    #expect(run.status == 1)
    let words = Self.words(run)
    #expect(words.contains("left 3 connections, accepted on 127.0.0.1:"), "\(words)")
    #expect(
      words.contains(
        "learned of the end at read_all suite.py:21 -> recv() = 0, called by test_upload"
          + " suite.py:24 <- <module> suite.py:29; accepted at pair suite.py:6 <- test_upload"),
      "\(words)")
    let files = ["json", "sarif", "junit"].map { suite.read($0) ?? "" }
    #expect(files.allSatisfy { $0.contains("test_upload suite.py:24") })
    #expect((files + [words]).allSatisfy { !$0.contains("test_download") })
    #expect(
      files[0].contains("\"code\":{\"kind\":\"end-of-stream\",\"function\":\"read_all\",\"file\":"))
    #expect(files[1].contains("\"region\":{\"startLine\":21}"), "\(files[1])")
  }

  @Test func `GitHub shows it beside the line`() throws {
    let suite = RunSuite(Self.twoTests + "\ntime.sleep(1.5)")
    let run = try suite.run(
      ["--trace"], environment: ["PATH=/usr/bin:/bin", "GITHUB_ACTIONS=true"])
    #expect(run.errors.contains("::error file=\(suite.path),line=21,title="), "\(run.errors)")
  }

  @Test(.requires(.command("gcc")))
  func `a program that a shell starts and that lives for a second is traced`() throws {
    let directory = TemporaryDirectory()
    let source = """
      #include <arpa/inet.h>
      #include <sys/socket.h>
      #include <unistd.h>
      #define APART __attribute__((noinline))
      APART int read_all(int fd) {
        char bytes[64]; int sum = 0, got;
        while ((got = recv(fd, bytes, sizeof bytes, 0)) > 0) sum += got;
        return sum;
      }
      APART int serve_leaking(int listener) {
        int fd = accept(listener, 0, 0); int sum = read_all(fd); return sum + fd;
      }
      APART int serve_closing(int listener) {
        int fd = accept(listener, 0, 0); int sum = read_all(fd); close(fd); return sum;
      }
      static void call(struct sockaddr_in *to) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        connect(fd, (void *)to, sizeof *to); send(fd, "x", 1, 0); close(fd);
      }
      int main(void) {
        struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
        socklen_t size = sizeof here;
        int listener = socket(AF_INET, SOCK_STREAM, 0);
        bind(listener, (void *)&here, size); listen(listener, 9);
        getsockname(listener, (void *)&here, &size);
        call(&here); int sum = serve_closing(listener);
        call(&here); sum += serve_leaking(listener);
        usleep(1000000);
        return sum == 0;
      }
      """
    directory.write("brief.c", Array((source + "\n").utf8))
    let program = directory.path + "/brief"
    let built = try ChildProgram.run("gcc", ["-O2", "-g", "-o", program, program + ".c"])
    try #require(built.status == 0, "\(built.lines)")
    let run = try RunSuite.run(
      ["--trace", "--grace", "500ms"], ["sh", "-c", "\(program); exit 0"])
    #expect(run.status == 1)
    let words = Self.words(run)
    #expect(words.contains("learned of the end at read_all brief.c:7 -> recv() = 0"), "\(words)")
    #expect(words.contains("called by serve_leaking brief.c:11"), "\(words)")
    #expect(words.contains("accepted at serve_leaking brief.c:11"), "\(words)")
    #expect(!words.contains("serve_closing"))
  }

  @Test func `what a process holds where it ends is traced before it is let go`() throws {
    let run = try RunSuite(Self.twoTests + "\nos._exit(0)").run(
      ["--trace", "--exit-stop", "--grace", "20s"])
    #expect(run.status == 1)
    let words = Self.words(run)
    #expect(words.contains("called by test_upload suite.py:24"), "\(words)")
    #expect(!words.contains("test_download"))
  }

  @Test func `a forked interpreter is read as its parent is`() throws {
    let run = try RunSuite(
      """
      def in_child():
          leak_server(); time.sleep(2); os._exit(0)
      if os.fork() == 0: in_child()
      os.wait()
      """
    ).run(["--trace"])
    #expect(run.status == 1)
    let words = Self.words(run)
    #expect(
      words.contains("not read since it was accepted at pair suite.py:6 -> accept4(), called by"),
      "\(words)")
    #expect(words.contains("<- in_child suite.py:21 <-"), "\(words)")
  }

  @Test func `a dead socket has its place, too`() throws {
    // It is known by its cookie, which a look has to see while it lives.
    let run = try RunSuite(
      """
      client, server = pair(); time.sleep(3)
      client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
      client.close(); time.sleep(3)
      """
    ).run(["--trace", "--strict"])
    #expect(run.status == 1)
    #expect(Self.words(run).contains("accepted at pair suite.py:6"), "\(run.errors)")
  }

  @Test func `of a socket whose end nobody sees, it is said that the place is not known`() throws {
    let run = try RunSuite(
      """
      client, server = pair(); client.send(b'x'); client.close()
      import ctypes
      ends = os.pipe()
      while ctypes.CDLL(None).splice(server.fileno(), None, ends[1], None, 100, 0) > 0: pass
      time.sleep(2)
      """
    ).run(["--trace"])
    #expect(run.status == 1)
    #expect(
      Self.words(run).contains("where in the code is not known: read to the end by what a trace"),
      "\(run.errors)")
  }

  @Test func `the tracer is no process of the command`() throws {
    // A process that was left behind would be waited for.
    let run = try RunSuite.run(["--trace", "--grace", "1h"], ["sh", "-c", "exit 5"])
    #expect(run.status == 5)
    #expect(run.errors.isEmpty, "\(run.errors)")
  }

  @Test func `a tracer that is killed costs the places only, and that is told`() throws {
    let run = try RunSuite(
      """
      family = open(f'/proc/{os.getppid()}/task/{os.getppid()}/children').read().split()
      names = {open(f'/proc/{pid}/comm').read().strip(): int(pid) for pid in family}
      os.kill(names['closewatch-trac'], signal.SIGKILL)
      time.sleep(0.2); leak_server(); time.sleep(2)
      """
    ).run(["--trace"])
    #expect(run.status == 1)
    let words = Self.words(run)
    #expect(words.contains("1 socket left open"), "\(words)")
    #expect(
      words.contains("where in the code is not known: the trace had ended before"), "\(words)")
    #expect(words.contains("closewatch: the trace ended early (its program ended): of"), "\(words)")
  }

  @Test(.requires(.command("setpriv")))
  func `without the rights one line says why, and the command is not run`() throws {
    let suite = RunSuite("open(os.path.dirname(sys.argv[0]) + '/ran', 'w')")
    let run = try ChildProgram.run(
      "sh",
      [
        "-c", "exec \"$@\" 2>&1", "sh", "setpriv", "--reuid", "65534", "--clear-groups",
        "--inh-caps=-all", "--bounding-set=-all", Command.path, "run", "--trace", "--",
        "/usr/bin/python3", suite.path,
      ])
    #expect(run.status == 2)
    #expect(
      run.lines == [
        "closewatch: cannot trace: loading programs into the kernel needs root; run it with sudo;"
          + " the command was not run"
      ])
    #expect(suite.read("ran") == nil)
  }
}
