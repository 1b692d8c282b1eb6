// SPDX-License-Identifier: Apache-2.0

import KernelTables
import LinuxHost
import TestSupport
import Testing

/// What is left without privileges, and that what is missing is counted.
@Suite(.requires(.root, .networkNamespaces, .mountNamespaces))
struct LivePrivilegeTests {
  /// `nobody`: has no process of the laboratory.
  private static let stranger = "uid=65534"

  /// Those of the laboratory: tests that run beside this one have processes of nobody, too.
  private static func holders(of lab: Lab, in answer: ProbeAnswer) -> [[Substring: String]] {
    let inodes = Set(lab.rows.map { String($0.inode) })
    return answer.facts("holder").filter { inodes.contains($0["inode"] ?? "") }
  }

  @Test(arguments: ["auto", "netlink", "proc"])
  func `without privileges every row is there, and the unreadable processes are counted`(
    _ source: String
  ) throws {
    try Lab.with("close-wait", count: 7) { lab in
      let answer = try ProbeAnswer(
        ["netns=\(lab.pid)", Self.stranger], namespace: "all", source: source)
      let rows = answer.facts("row").filter { $0["netns"] == String(lab.namespace.rawValue) }
      #expect(rows.count == lab.rows.count)
      let inodes = rows.compactMap { $0["inode"] }.filter { $0 != "0" }.sorted()
      #expect(inodes == lab.rows.map(\.inode).filter { $0 != 0 }.map { String($0) }.sorted())
      #expect(Self.holders(of: lab, in: answer).isEmpty)
      #expect(answer.facts("complete").first?["value"] == "0")
      // The laboratory and at least this test process belong to root.
      #expect(answer.count(of: "descriptors-unreadable", in: "holder-gap") >= 2)
    }
  }

  /// A stranger can't read which namespace it is, so it goes by a stand-in, and that is counted.
  @Test func `a stranger sees the rows of a namespace that it can neither enter nor name`() throws {
    try Lab.with("close-wait", count: 7) { lab in
      let answer = try ProbeAnswer([Self.stranger], namespace: "all", source: "auto")
      let inodes = Set(lab.rows.map(\.inode).filter { $0 != 0 }.map { String($0) })
      let seen = answer.facts("row").filter { inodes.contains($0["inode"] ?? "") }
      #expect(seen.count == inodes.count)
      let places = Set(seen.compactMap { $0["netns"] })
      #expect(places.count == 1)
      let namespace = answer.facts("namespace").filter { places.contains($0["id"] ?? "") }
      #expect(namespace.map { $0["source"] } == ["proc"])
      #expect(answer.count(of: "namespace-unknown", in: "sample-gap") >= 1)
    }
  }

  @Test func `with hidden processes the rows are there and the hiding is said`() throws {
    try Lab.with("close-wait", count: 7) { lab in
      let answer = try ProbeAnswer(
        ["netns=\(lab.pid)", "hidepid=2", Self.stranger], namespace: "all", source: "auto")
      let rows = answer.facts("row").filter { $0["netns"] == String(lab.namespace.rawValue) }
      #expect(rows.count == lab.rows.count)
      #expect(Self.holders(of: lab, in: answer).isEmpty)
      #expect(answer.facts("complete").first?["value"] == "0")
      #expect(answer.count(of: "processes-hidden", in: "holder-gap") >= 1)
    }
  }

  @Test func `root sees through hidden processes`() throws {
    try Lab.with("close-wait", count: 7) { lab in
      let answer = try ProbeAnswer(
        ["hidepid=2"], namespace: String(lab.pid), source: "auto")
      #expect(answer.facts("row").count == lab.rows.count)
      #expect(answer.facts("holder").count == lab.holders.count)
      #expect(answer.count(of: "processes-hidden", in: "holder-gap") == 0)
    }
  }

  @Test func `root finds every holder from a foreign namespace`() throws {
    try Lab.with("forked", count: 7) { lab in
      let answer = try ProbeAnswer([], namespace: String(lab.pid), source: "auto")
      let found = Set(
        answer.facts("holder").map { "\($0["inode"] ?? "") \($0["pid"] ?? "") \($0["fd"] ?? "")" })
      #expect(found == Set(lab.holders.map { "\($0.inode) \($0.pid) \($0.fd)" }))
    }
  }
}

/// What `HostProbe` said in a process of its own.
private struct ProbeAnswer {
  private var lines: [(kind: Substring, values: [Substring: String])] = []

  /// - Parameter circumstances: What `SocketLab run` does first: `netns=PID`, `hidepid=2`, `uid=N`.
  init(_ circumstances: [String], namespace: String, source: String) throws {
    let result = try ChildProgram.run(
      ChildProgram.built("SocketLab"),
      ["run"] + circumstances + ["--", ChildProgram.built("HostProbe"), namespace, source])
    guard result.status == 0 else {
      throw ChildProgram.Failure("HostProbe: exit \(result.status): \(result.lines)")
    }
    for line in result.lines {
      let words = line.split(separator: " ")
      guard let kind = words.first, kind != "error" else {
        throw ChildProgram.Failure("HostProbe: \(line)")
      }
      var values: [Substring: String] = [:]
      for word in words.dropFirst() {
        let sides = word.split(separator: "=", maxSplits: 1)
        if sides.count == 2 { values[sides[0]] = String(sides[1]) }
      }
      lines.append((kind, values))
    }
  }

  func facts(_ kind: String) -> [[Substring: String]] {
    lines.filter { $0.kind == kind }.map(\.values)
  }

  /// The sum of the counts of the gaps of this kind.
  func count(of gap: String, in kind: String) -> Int {
    facts(kind).filter { $0["kind"] == gap }.compactMap { $0["count"].flatMap { Int($0) } }
      .reduce(0, +)
  }
}
