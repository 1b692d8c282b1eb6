// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// The demo on a real kernel: what a newcomer sees first.
@Suite struct DemoTests {
  @Test(.requires(.root, .networkNamespaces))
  func `the demo finds its own leak, says that it is a demo, and leaves nothing behind`() throws {
    let run = try #require(Command.run(["demo", "--for", "8s"]))
    #expect(run.status == 0, "\(run.output)\(run.errors)")
    #expect(run.output.hasPrefix("DEMO. "))
    #expect(run.output.contains("close-wait-leak: demo-server["))
    #expect(run.output.contains("never closed after the peer closed"))
    #expect(run.output.contains("local port 8080"))
    #expect(run.output.contains("END OF THE DEMO."))
    for line in run.output.split(separator: "\n") { #expect(line.count <= 79, "\(line)") }
    let server = try #require(Self.pid(in: run.output))
    #expect(kill(server, 0) == -1 && errno == ESRCH)
  }

  @Test(.requires(.root, .networkNamespaces))
  func `server and client end with a demo that is killed`() throws {
    let demo = try ChildProgram(Command.path, ["demo", "--for", "120s"])
    _ = try demo.readLine()
    let line = try #require(try demo.readLine())
    let server = try #require(Self.pid(in: line))
    #expect(kill(server, 0) == 0)
    kill(demo.pid, SIGKILL)
    #expect(demo.end() == 128 + SIGKILL)
    var tries = 0
    while Self.runs(server), tries < 500 {
      usleep(10_000)
      tries += 1
    }
    #expect(!Self.runs(server))
  }

  @Test(.requires(.root, .command("setpriv")))
  func `without CAP_SYS_ADMIN the demo says what it needs, and exit status 2`() throws {
    let run = try ChildProgram.run(
      "sh", ["-c", "exec setpriv --bounding-set=-sys_admin \"$0\" demo 2>&1", Command.path])
    #expect(run.status == 2)
    #expect(
      run.lines == [
        "closewatch: cannot plant a leak for the demo: unshare CLONE_NEWNET: Operation not "
          + "permitted (EPERM); it needs root (CAP_SYS_ADMIN)"
      ])
  }

  /// The number after `pid` in the text of the demo.
  private static func pid(in text: String) -> Int32? {
    guard let start = text.range(ofWord: "pid ") else { return nil }
    return Int32(text[start...].prefix { $0.isNumber })
  }

  /// Whether a process is there and no zombie.
  private static func runs(_ pid: Int32) -> Bool {
    guard let bytes = readBytes("/proc/\(pid)/stat") else { return false }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.lastIndex(of: ")") else { return false }
    return !text[end...].hasPrefix(") Z")
  }
}

extension String {
  /// The place after the first occurrence of `word`.
  fileprivate func range(ofWord word: String) -> Index? {
    indices.first { self[$0...].hasPrefix(word) }.map { index($0, offsetBy: word.count) }
  }
}
