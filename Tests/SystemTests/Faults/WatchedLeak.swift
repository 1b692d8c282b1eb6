// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TestSupport
import Testing

/// A real leak of about six sockets a second, and what a daemon says of it when it is asked.
final class WatchedLeak {
  /// What a triage says of it. Instants are seconds since 1970.
  struct Told: Decodable {
    struct Source: Decodable {
      var kind: String
      var watching_since: Double?
      var newest_look: Double?
      var newest_look_age_seconds: Double?
    }
    struct Finding: Decodable {
      struct Age: Decodable { var seconds: Double }
      struct Change: Decodable {
        var at: Double
        var what: String
      }
      var id: String
      var rule: String
      var state: String
      var sockets: Int
      var first_seen: Double
      var firing_since: Double?
      var growth_per_second: Double?
      var oldest: Age?
      var changes: [Change]
      var doubts: [String]
    }
    var source: Source
    var findings: [Finding]
  }

  let program: ChildProgram
  private let socket: String

  /// - Parameter socket: The control socket of the daemon.
  init(askedAt socket: String) throws {
    self.socket = socket
    program = try ChildProgram(Command.path, ["demo-server"])
    let line = try program.readLine()
    guard line == "ready" else { throw ChildProgram.Failure("no leak: \(line ?? "nothing")") }
  }

  /// As the log names it.
  var name: String { "demo-server[\(program.pid)]" }

  /// What the daemon knows of it.
  func told() throws -> Told {
    let run = try #require(
      Command.run(["triage", "--control-socket", socket, "--json", "\(program.pid)"]))
    return try JSONDecoder().decode(Told.self, from: Data(run.output.utf8))
  }

  /// Its finding, when the daemon has one that grows.
  func growing() throws -> Told.Finding {
    var found: Told.Finding?
    try ScrapedDaemon.wait("the leak is told with its growth") {
      let told = try told()
      found = told.findings.first { $0.state == "firing" && $0.growth_per_second != nil }
      return told.source.kind == "daemon" && found != nil
    }
    return try #require(found)
  }

  func end() { program.end() }
}
