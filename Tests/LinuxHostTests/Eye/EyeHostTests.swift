// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// Looks through an eye, whatever becomes of it and whoever forks it: in a program that has one
/// thread, as it must be forked from one.
@Suite(.requires(.root, .networkNamespaces)) struct EyeHostTests {
  /// Who forks the eyes: the program itself, or a keeper.
  enum Starter: String, CaseIterable { case own, keeper }

  /// A program that looks when told.
  private final class Looker {
    let program: ChildProgram

    init(_ starter: Starter, trusting fileSystems: String...) throws {
      program = try ChildProgram(
        ChildProgram.built("HostProbe"), ["eyes", starter.rawValue] + fileSystems)
    }

    /// What a look says, line by line.
    func look() throws -> [String] { try ask("look") }

    /// What it answers, line by line.
    func ask(_ words: String) throws -> [String] {
      program.send(words)
      var lines: [String] = []
      while let line = try program.readLine(within: 60), line != "end" { lines.append(line) }
      return lines
    }

    var eyes: [Int32] { ChildProcesses.eyes(of: program.pid) }
  }

  /// What calls have not come back. Without those that ask a socket of another test: the one that
  /// its process keeps locked is in no table, and so every look on this host asks whether it is
  /// dead.
  private func stuck(_ lines: [String]) -> [String] {
    lines.filter { $0.contains("kind=call-stuck") || $0.contains("kind=runtime-unread") }
      .filter { !$0.contains("detail=pidfd_getfd and close of process ") }
  }

  /// Whether every socket of the laboratory shows, with its holder.
  private func expectAll(of lab: Lab, in lines: [String]) {
    for row in lab.rows where row.inode != 0 {
      #expect(lines.contains { $0.hasPrefix("row ") && $0.contains("inode=\(row.inode) ") })
    }
    for holder in lab.holders {
      #expect(lines.contains("holder inode=\(holder.inode) pid=\(holder.pid) fd=\(holder.fd)"))
    }
  }

  @Test(arguments: Starter.allCases)
  func `five eyes are killed one after the other, and the sixth sees everything`(
    _ starter: Starter
  ) throws {
    try Lab.with("close-wait", count: 5) { lab in
      let looker = try Looker(starter)
      for _ in 0..<5 {
        expectAll(of: lab, in: try looker.look())
        let eyes = looker.eyes
        #expect(eyes.count == 1)
        for eye in eyes { kill(eye, SIGKILL) }
      }
      let lines = try looker.look()
      expectAll(of: lab, in: lines)
      #expect(stuck(lines).isEmpty)
    }
  }

  @Test(arguments: Starter.allCases)
  func `an eye that is stopped is replaced, and the look says what it was at`(
    _ starter: Starter
  ) throws {
    try Lab.with("close-wait", count: 5) { lab in
      let looker = try Looker(starter)
      _ = try looker.look()
      let first = looker.eyes
      for eye in first { kill(eye, SIGSTOP) }
      let lines = try looker.look()
      expectAll(of: lab, in: lines)
      let gaps = stuck(lines)
      #expect(gaps.count == 1)
      // It may not have got around to wait for the next question.
      let steps = ["waiting for a question", "writing the answer"]
      #expect(steps.contains { gaps[0].contains("detail=\($0) has not come back since ") })
      #expect(looker.eyes != first)
      // It could be ended, so nothing speaks against another one.
      #expect(stuck(try looker.look()).isEmpty)
      #expect(looker.eyes.count == 1)
    }
  }

  @Test(.requires(.mountNamespaces, .fuse), arguments: Starter.allCases)
  func `two hundred programs of one user on files that hang cost one eye and hide nobody`(
    _ starter: Starter
  ) throws {
    let directory = TemporaryDirectory()
    let files = try ChildProgram(
      ChildProgram.built("SilentFiles"), [directory.path, "/bin/sleep", "200"])
    let pids = try (0..<200).map { _ in try #require(Int32(try files.readLine() ?? "")) }
    try Lab.with("close-wait", count: 5) { lab in
      let looker = try Looker(starter, trusting: "fuse")
      // To nobody else: who forks eyes in another way looks at the same host meanwhile.
      files.send("be silent to \(looker.program.pid)")
      usleep(100_000)
      for _ in 0..<2 {
        let lines = try looker.look()
        expectAll(of: lab, in: lines)
        for pid in pids { #expect(lines.contains("process pid=\(pid) runtime=unknown")) }
        let told = stuck(lines).joined()
        #expect(told.contains("open of exe of process "), "\(told)")
        #expect(told.contains("(user 65534) has not come back since"), "\(told)")
        #expect((1...3).contains(looker.eyes.count))
      }
      // The files answer again, in that they are gone.
      files.end()
      for _ in 0..<100 where looker.eyes.count > 1 {
        usleep(50_000)
        _ = try looker.look()
      }
      let lines = try looker.look()
      #expect(stuck(lines).isEmpty)
      expectAll(of: lab, in: lines)
      #expect(looker.eyes.count == 1)
    }
  }

  @Test(.requires(.mountNamespaces, .fuse), arguments: Starter.allCases)
  func `two users whose programs hang cost two eyes each at most, and hide nobody else's`(
    _ starter: Starter
  ) throws {
    let others = TemporaryDirectory()
    let sound = try ChildProgram(
      ChildProgram.built("SilentFiles"),
      [others.path, ChildProgram.built("HostProbe"), "2", "1234"])
    let pids = try (0..<2).map { _ in try #require(Int32(try sound.readLine() ?? "")) }
    let users = ["65534", "65533"]
    let directories = users.map { _ in TemporaryDirectory() }
    let files = try zip(users, directories).map { user, directory in
      try ChildProgram(
        ChildProgram.built("SilentFiles"), [directory.path, "/bin/sleep", "20", user])
    }
    for one in files { for _ in 0..<20 { _ = try #require(try one.readLine()) } }
    try Lab.with("close-wait", count: 5) { lab in
      let looker = try Looker(starter, trusting: "fuse")
      for one in files { one.send("be silent to \(looker.program.pid)") }
      usleep(100_000)
      var told = ""
      for _ in 0..<2 {
        let lines = try looker.look()
        expectAll(of: lab, in: lines)
        told += stuck(lines).joined()
        // What could not be read of the two is read of everybody else.
        for pid in pids { #expect(lines.contains("process pid=\(pid) runtime=swift"), "\(lines)") }
        #expect((1...5).contains(looker.eyes.count))
      }
      for user in users { #expect(told.contains("(user \(user)) has not come back"), "\(told)") }
      for one in files { one.end() }
      for _ in 0..<100 where looker.eyes.count > 1 {
        usleep(50_000)
        _ = try looker.look()
      }
      #expect(stuck(try looker.look()).isEmpty)
    }
    sound.end()
  }

  @Test(.requires(.mountNamespaces, .fuse), arguments: Starter.allCases)
  func `programs on overlays have a runtime, and one that hangs costs its own name only`(
    _ starter: Starter
  ) throws {
    let directory = TemporaryDirectory()
    let files = try ChildProgram(
      ChildProgram.built("SilentFiles"), [directory.path, ChildProgram.built("HostProbe")])
    let pids = try (0..<3).map { _ in try #require(Int32(try files.readLine() ?? "")) }
    let (fuse, hanging, sound) = (pids[0], pids[1], pids[2])
    try Lab.with("close-wait", count: 5) { lab in
      let before = try Looker(starter)
      for _ in 0..<2 {
        let lines = try before.look()
        #expect(lines.contains("process pid=\(fuse) runtime=unknown"))
        for pid in [hanging, sound] { #expect(lines.contains("process pid=\(pid) runtime=swift")) }
        #expect(stuck(lines).isEmpty, "\(stuck(lines))")
      }
      let looker = try Looker(starter)
      files.send("be silent to \(looker.program.pid)")
      usleep(100_000)
      for _ in 0..<2 {
        let lines = try looker.look()
        expectAll(of: lab, in: lines)
        for (pid, runtime) in [(fuse, "unknown"), (hanging, "unknown"), (sound, "swift")] {
          let line = "process pid=\(pid) runtime=\(runtime)"
          #expect(lines.contains(line), "\(line)")
        }
        let told = stuck(lines)
        #expect(told.count == 1, "\(told)")
        let words =
          "holder-gap kind=runtime-unread count=1 detail=open of exe on an overlay of process "
          + "\(hanging) (user 0) has not come back since "
        #expect(told.first?.hasPrefix(words) == true, "\(told)")
        #expect(looker.eyes.count == 2)
      }
      files.end()
      for _ in 0..<100 where looker.eyes.count > 1 {
        usleep(50_000)
        _ = try looker.look()
      }
      #expect(stuck(try looker.look()).isEmpty)
    }
  }

  @Test(.requires(.mountNamespaces, .fuse), arguments: Starter.allCases)
  func `a socket that its process keeps locked costs one eye, and the ages of its namespace`(
    _ starter: Starter
  ) throws {
    let directory = TemporaryDirectory()
    let files = try ChildProgram(
      ChildProgram.built("SilentFiles"), [directory.path, "/bin/sleep", "lock"])
    let pid = try #require(Int32(try files.readLine() ?? ""))
    let looker = try Looker(starter)
    let question = "look /proc/\(pid)/fd/1000"
    let rows = { (lines: [String]) in lines.filter { $0.hasPrefix("row ") } }
    let before = try looker.ask(question)
    #expect(rows(before).count == 3)
    #expect(rows(before).contains { $0.contains("state=ESTABLISHED") && $0.hasSuffix("details=1") })
    #expect(stuck(before).isEmpty)
    files.send("be silent")
    usleep(100_000)
    for _ in 0..<2 {
      let lines = try looker.ask(question)
      #expect(rows(lines).count == 3, "\(lines)")
      #expect(rows(lines).allSatisfy { $0.hasSuffix("details=0") })
      let told = stuck(lines).joined()
      #expect(told.contains("detail=sock_diag with tcp_info in network namespace "), "\(told)")
      #expect(told.contains(" has not come back since"), "\(told)")
    }
    files.end()
    var last = try looker.look()
    for _ in 0..<100 where !stuck(last).isEmpty {
      usleep(50_000)
      last = try looker.look()
    }
    #expect(stuck(last).isEmpty)
  }

  @Test(arguments: Starter.allCases)
  func `an eye that was asked ahead answers in order, and ends by itself`(
    _ starter: Starter
  ) throws {
    try Lab.with("close-wait", count: 5) { lab in
      let looker = try Looker(starter)
      #expect(try looker.ask("ahead").isEmpty)
      // One, unless it has done its work already.
      let eyes = looker.eyes
      #expect(eyes.count <= 1)
      for _ in 0..<500 where !looker.eyes.isEmpty { usleep(10_000) }
      #expect(looker.eyes.isEmpty)
      expectAll(of: lab, in: try looker.ask("every"))
      // The next question makes another one; if there are programs on overlays, theirs did.
      expectAll(of: lab, in: try looker.ask("every"))
      #expect(looker.eyes.count == 1)
      #expect(looker.eyes != eyes)
    }
  }

  @Test(arguments: Starter.allCases)
  func `what was asked ahead is given up for what is asked, and for an eye that is killed`(
    _ starter: Starter
  ) throws {
    try Lab.with("close-wait", count: 5) { lab in
      let looker = try Looker(starter)
      _ = try looker.ask("ahead")
      expectAll(of: lab, in: try looker.ask("look"))
      #expect(looker.eyes.count == 1)
      _ = try looker.ask("ahead")
      for eye in looker.eyes { kill(eye, SIGKILL) }
      let lines = try looker.ask("every")
      expectAll(of: lab, in: lines)
      #expect(stuck(lines).isEmpty)
    }
  }

  @Test func `who is killed takes an eye along that is stopped`() throws {
    let looker = try Looker(.own)
    _ = try looker.look()
    let eyes = looker.eyes
    #expect(eyes.count == 1)
    for eye in eyes { kill(eye, SIGSTOP) }
    kill(looker.program.pid, SIGKILL)
    for _ in 0..<100 where eyes.contains(where: { kill($0, 0) == 0 }) { usleep(20_000) }
    for eye in eyes { #expect(kill(eye, 0) != 0) }
  }

  @Test(.requires(.mountNamespaces, .fuse), arguments: Starter.allCases)
  func `a command ends for its caller too, while its eye cannot be ended`(
    _ starter: Starter
  ) throws {
    let directory = TemporaryDirectory()
    let files = try ChildProgram(
      ChildProgram.built("SilentFiles"), [directory.path, "/bin/sleep", "1"])
    _ = try #require(try files.readLine())
    files.send("be silent")
    usleep(100_000)
    let script = "x=$(echo look | \"$1\" eyes \"$2\" fuse 2>&1 | cat); echo \"${#x}\""
    let run = try ChildProgram.run(
      "sh", ["-c", script, "sh", ChildProgram.built("HostProbe"), starter.rawValue])
    #expect(run.status == 0)
    #expect(run.lines.first.flatMap { Int($0) } ?? 0 > 100)
    files.end()
  }
}
