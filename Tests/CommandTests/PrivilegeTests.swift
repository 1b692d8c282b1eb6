// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// What `nobody` sees, and that it says what it does not see.
@Suite(.requires(.root, .networkNamespaces)) struct PrivilegeTests {
  private func runAsNobody(
    in lab: Lab, _ arguments: [String]
  ) throws -> (status: Int32, text: String) {
    let run = try ChildProgram.run(
      ChildProgram.built("SocketLab"),
      ["run", "netns=\(lab.pid)", "uid=65534", "--", Command.path] + arguments)
    return (run.status, run.lines.joined(separator: " "))
  }

  @Test func `without privileges sockets are listed, and their holders said to be unseen`() throws {
    try Lab.with("close-wait", count: 7) { lab in
      let place = ["--netns", "/proc/self/ns/net"]
      let json = try runAsNobody(in: lab, ["sockets", "--json"] + place)
      #expect(json.status == 0)
      let inodes = lab.rows.map(\.inode).filter { $0 != 0 }
      #expect(inodes.count >= 7)
      for inode in inodes { #expect(json.text.contains("\"inode\":\(inode),")) }
      #expect(json.text.contains("\"kind\":\"descriptors-unreadable\""))
      let table = try runAsNobody(in: lab, ["sockets", "--state", "close-wait"] + place)
      #expect(table.status == 0)
      #expect(table.text.contains("holder not seen"))
      #expect(table.text.contains("run as root"))
    }
  }

  @Test func `without privileges a triage ends with 0 when it found nothing, and says its gaps`()
    throws
  {
    try Lab.with("established", count: 7) { lab in
      let run = try runAsNobody(in: lab, ["triage", "--netns", "/proc/self/ns/net"])
      #expect(run.status == 0)
      #expect(run.text.contains("Not seen"))
      #expect(run.text.contains("unreadable"))
      #expect(run.text.contains("run as root"))
    }
  }

  @Test(arguments: ["sockets", "triage"])
  func `a recording shows no more to root, and nobody is told so`(_ command: String) throws {
    try Lab.with("established", count: 7) { lab in
      let temporary = TemporaryDirectory()
      let copy = temporary.path + "/recording"
      let made = try ChildProgram.run(
        "sh",
        [
          "-c", "cp -r \"$1\" \"$2\" && chmod -R a+rX \"$3\"", "sh",
          Fixtures.directory + "/recordings/small-host", copy, temporary.path,
        ])
      #expect(made.status == 0)
      let run = try runAsNobody(in: lab, [command, "--replay", copy])
      #expect(run.text.contains("3 processes hidden (hidepid)"))
      #expect(!run.text.contains("run as root"))
    }
  }

  @Test(arguments: ["sockets", "triage"])
  func `a namespace that may not be looked at is exit status 2`(_ command: String) throws {
    try Lab.with("established", count: 7) { lab in
      let run = try runAsNobody(in: lab, [command, "--netns", "1"])
      #expect(run.status == 2)
      #expect(run.text.isEmpty, "what is said belongs to standard error")
    }
  }
}
