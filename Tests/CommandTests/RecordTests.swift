// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// `closewatch record` on a real namespace, and what its recordings replay.
@Suite(.requires(.root, .networkNamespaces)) struct RecordTests {
  private func record(_ lab: Lab, to directory: String, _ more: String...) throws {
    let run = try #require(
      Command.run(["record", directory, "--netns", String(lab.pid)] + more))
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("in \(directory) ("))
  }

  private func processes(_ directory: String) throws -> String {
    let bytes = try #require(readBytes(directory + "/looks/0001/processes.tsv"))
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func `a recording replays every socket with its holders, the same each time`() throws {
    try Lab.with("close-wait", count: 7) { lab in
      let temporary = TemporaryDirectory()
      let directory = temporary.path + "/recorded"
      try record(lab, to: directory)
      let replay = ["sockets", "--replay", directory, "--json"]
      let first = try #require(Command.run(replay))
      #expect(first.status == 0, "\(first.errors)")
      #expect(try #require(Command.run(replay)).output == first.output)
      #expect(first.output.split(separator: "\"inode\":").count - 1 == lab.rows.count)
      for row in lab.rows where row.inode != 0 {
        #expect(first.output.contains("\"inode\":\(row.inode),"))
      }
      #expect(lab.holders.count >= 7)
      for holder in lab.holders {
        #expect(first.output.contains("\"pid\":\(holder.pid),\"fd\":\(holder.fd)"))
      }
      let triage = try #require(Command.run(["triage", "--replay", directory]))
      #expect(triage.status == 0 || triage.status == 1, "\(triage.errors)")
    }
  }

  @Test func `every look of a longer recording is there`() throws {
    try Lab.with("established", count: 7) { lab in
      let temporary = TemporaryDirectory()
      let directory = temporary.path + "/recorded"
      try record(lab, to: directory, "--for", "500ms", "--interval", "100ms")
      let header = String(
        decoding: try #require(readBytes(directory + "/recording.txt")), as: UTF8.self)
      let looks = header.split(separator: "\n").first { $0.hasPrefix("looks: ") }
      let count = try #require(looks.flatMap { Int($0.dropFirst(7)) })
      #expect((2...6).contains(count))
      for look in 1...count {
        #expect(readBytes("\(directory)/looks/000\(look)/sockets.tsv") != nil)
      }
      #expect(readBytes("\(directory)/looks/000\(count + 1)/sockets.tsv") == nil)
    }
  }

  @Test func `a recording is redacted unless that is refused`() throws {
    try Lab.with("established", count: 7) { lab in
      let temporary = TemporaryDirectory()
      let (clean, full) = (temporary.path + "/clean", temporary.path + "/full")
      try record(lab, to: clean)
      try record(lab, to: full, "--no-redact")
      let program = ChildProgram.built("SocketLab")
      #expect(try processes(full).contains(program))
      let redacted = try processes(clean)
      #expect(redacted.contains("SocketLab") && !redacted.contains("/SocketLab"))
      // Its arguments: the scenario that was asked for.
      #expect(try processes(full).contains("established"))
      #expect(!redacted.contains("established"))
    }
  }

  @Test func `a directory with something in it is left alone`() throws {
    let temporary = TemporaryDirectory()
    temporary.write("mine", Array("precious".utf8))
    let run = try #require(Command.run(["record", temporary.path]))
    #expect(run.status == 2)
    #expect(run.errors.contains("is not empty; name a directory that does not exist yet"))
    #expect(temporary.read("mine") == Array("precious".utf8))
    #expect(temporary.read("recording.txt") == nil)
  }

  @Test func `a mistake in the options leaves no directory behind`() throws {
    let temporary = TemporaryDirectory()
    let run = try #require(
      Command.run(["record", temporary.path + "/new", "--netns", "no-such-namespace"]))
    #expect(run.status == 2)
    #expect(rmdir(temporary.path + "/new") == -1)
  }

  @Test(arguments: ["sockets", "triage"])
  func `a damaged recording is one line and exit status 2`(_ command: String) throws {
    try Lab.with("established", count: 7) { lab in
      let temporary = TemporaryDirectory()
      let directory = temporary.path + "/recorded"
      try record(lab, to: directory)
      let table = "recorded/looks/0001/sockets.tsv"
      let bytes = try #require(temporary.read(table))
      temporary.write(table, Array(bytes.dropLast(bytes.count / 3)))
      let run = try #require(Command.run([command, "--replay", directory]))
      #expect(run.status == 2)
      #expect(run.output.isEmpty)
      #expect(
        run.errors.hasPrefix("closewatch: cannot replay \(directory): looks/0001/sockets.tsv"))
      #expect(run.errors.count { $0 == "\n" } == 1, "\(run.errors)")
    }
  }
}
