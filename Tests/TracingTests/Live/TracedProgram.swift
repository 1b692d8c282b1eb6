// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// A program of `Programs/leaking.c`, built as a test wishes, and traces of it.
struct TracedProgram {
  let directory = TemporaryDirectory()
  var path: String { "\(directory.path)/leaking" }

  /// - Parameter flags: For the compiler.
  init(_ flags: [String] = ["-O2", "-g", "-fomit-frame-pointer"]) throws {
    let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let built = try ChildProgram.run(
      "gcc", flags + ["-pthread", "-o", path, "/\(folder)/Programs/leaking.c"])
    try #require(built.status == 0, "\(built.lines)")
  }

  /// A server, and its port.
  func serve(by path: String? = nil) throws -> (server: ChildProgram, port: String) {
    let server = try ChildProgram(path ?? self.path, ["serve"])
    return (server, try #require(try server.readLine()))
  }

  /// Has so many connections made, the next each `gap` microseconds later.
  func send(to port: String, count: Int, gap: Int = 2000, _ mix: String) throws {
    let client = try ChildProgram.run(path, ["send", port, "\(count)", "\(gap)", mix])
    #expect(client.status == 0)
  }
}

/// A run of `closewatch-trace --json` that has begun to watch.
struct RunningTrace {
  let program: ChildProgram
  private let isOpenEnded: Bool

  /// - Parameter seconds: nil: until ``report(within:)`` ends it.
  init(_ target: String, seconds: Int? = nil, _ options: [String] = []) throws {
    isOpenEnded = seconds == nil
    // Standard error says when it begins.
    program = try ChildProgram(
      "sh",
      [
        "-c", "exec \"$@\" 2>&1", "sh", ChildProgram.built("closewatch-trace"), "trace", target,
        "--for", "\(seconds ?? 600)s", "--json",
      ] + options)
    while let line = try program.readLine(within: 60) {
      if line.hasPrefix("closewatch: watching") { return }
      try #require(line.hasPrefix("closewatch: with --opener"), "\(line)")
    }
    Issue.record("it ended before it began")
  }

  /// The report, once it is there.
  func report(within seconds: Double = 60) throws -> TracedReport {
    if isOpenEnded {
      // The target has what was sent by then, be the machine ever so busy.
      sleep(1)
      kill(program.pid, SIGINT)
    }
    let line = try #require(try program.readLine(within: seconds))
    return try JSONDecoder().decode(TracedReport.self, from: Data(line.utf8))
  }
}

/// The JSON of a trace, as far as the tests read it.
struct TracedReport: Decodable {
  struct Frame: Decodable {
    var function: String?
    var file: String?
    var line: Int?
    var own: Bool
  }

  struct Group: Decodable {
    var sockets: Int
    var kind: String
    var frames: [Frame]
    var opener: [Frame]

    /// Functions of own code, the innermost first.
    var own: [String] { frames.filter(\.own).compactMap(\.function) }
  }

  var accepted: Int?
  var closed: Int
  var stuck: Int?
  var lost_events: Int
  var groups: [Group]
  var unknown: Int?

  /// Sockets by the function that is named first, and the kind.
  var leads: [String: Int] {
    var sums: [String: Int] = [:]
    for group in groups {
      sums["\(group.kind) \(group.own.first ?? "?")", default: 0] += group.sockets
    }
    return sums
  }

  /// Whether a function is named anywhere.
  func names(_ function: String) -> Bool {
    groups.contains { ($0.frames + $0.opener).contains { $0.function == function } }
  }
}
