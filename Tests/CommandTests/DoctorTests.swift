// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@Suite struct DoctorTests {
  @Test func `the exit status says the state that the page says`() throws {
    let run = try #require(Command.run(["doctor", "--json"]))
    #expect(run.errors.isEmpty)
    let states = ["ok": 0, "limited": 1, "missing": 2]
    let expected = states.first {
      run.output.hasPrefix(#"{"schema_version":1,"state":""# + $0.key + "\"")
    }
    #expect(run.status == Int32(try #require(expected).value), "\(run.output)")
  }

  @Test(.requires(.root, .command("setpriv")))
  func `without capabilities the doctor names them and what they are for`() throws {
    let run = try ChildProgram.run(
      "sh", ["-c", "exec setpriv --bounding-set=-all \"$0\" doctor --json", Command.path])
    #expect(run.status == 1)
    let line = try #require(run.lines.first)
    #expect(line.contains("without CAP_SYS_PTRACE (whose sockets), CAP_DAC_READ_SEARCH"))
    #expect(line.contains(#""name":"descriptors","state":"limited""#))
  }

  @Test(.requires(.root, .pidNamespaces, .command("unshare")))
  func `in a pid namespace of its own it says so, and what shows the host`() throws {
    let run = try ChildProgram.run(
      "unshare", ["--pid", "--fork", "--mount-proc", Command.path, "doctor"])
    #expect(run.status == 1)
    #expect(run.lines.contains { $0.contains("this is a pid namespace of its own") })
    #expect(run.lines.contains { $0.contains("--pid=host") })
  }

  @Test(.requires(.root, .networkNamespaces, .command("unshare")))
  func `in a user namespace of its own its capabilities are not taken for those of the host`()
    throws
  {
    let run = try ChildProgram.run(
      "unshare", ["--user", "--map-root-user", "--net", Command.path, "doctor", "--json"])
    #expect(run.status == 1)
    let line = try #require(run.lines.first)
    #expect(line.contains(#""name":"capabilities","state":"limited""#))
    #expect(line.contains("a user namespace of its own"))
  }

  @Test(.requires(.root, .mountNamespaces, .command("unshare")))
  func `where procfs shows processes only, the kernel's version is known all the same`() throws {
    let script = "mount -t proc -o subset=pid x /proc && exec \"$0\" doctor 2>&1"
    let run = try ChildProgram.run("unshare", ["-m", "sh", "-c", script, Command.path])
    #expect(!run.lines.isEmpty && !run.lines.contains { $0.contains("Linux unknown") })
  }

  @Test(.requires(.root, .mountNamespaces, .command("unshare")))
  func `without procfs there is nothing to see: one line and exit status 2`() throws {
    let script = "mount -t tmpfs x /proc && exec \"$0\" doctor 2>&1"
    let run = try ChildProgram.run("unshare", ["-m", "sh", "-c", script, Command.path])
    #expect(run.status == 2)
    #expect(
      run.lines == ["closewatch: there is no procfs on /proc; mount it: mount -t proc proc /proc"])
  }
}
