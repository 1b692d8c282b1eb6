// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport

/// A running daemon with a web endpoint of its own, and what its page says.
final class ScrapedDaemon {
  /// Quick enough for a test on a busy machine, and no limit on what it costs.
  static let quick = [
    "sampling.interval=200ms", "sampling.full-interval=1s", "sampling.cpu-budget=100%",
  ]

  let daemon: RunningDaemon
  let port: UInt16

  /// Starts it on a port of its own, and waits for its first look.
  init(
    environment: [String] = [], settings: [String] = quick, file: String? = nil,
    control: String = "none", through: [String] = []
  ) throws {
    daemon = try RunningDaemon(
      environment: environment, settings: settings, file: file,
      web: ["--web.listen-address", "127.0.0.1:0"], control: control, through: through)
    let line = try daemon.waitFor("listening on 127.0.0.1:")
    guard let port = line.split(separator: ":").last.flatMap({ UInt16($0) }) else {
      throw ChildProgram.Failure("no port: \(line)")
    }
    self.port = port
    try daemon.waitFor("watching", seconds: 120)
  }

  /// Whatever it answers to a path.
  func get(_ path: String) throws -> WebClient.Answer {
    let client = try WebClient(port: port)
    client.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    guard let answer = client.answer(within: 60) else {
      throw ChildProgram.Failure("no answer to \(path) at port \(port)")
    }
    return answer
  }

  /// The page of metrics.
  func page() throws -> String {
    let answer = try get("/metrics")
    guard answer.status == 200 else {
      throw ChildProgram.Failure("no page at port \(port): \(answer.status)")
    }
    return answer.text
  }

  /// A number of the page, by its series: name and labels as they are written.
  func number(_ series: String) throws -> Double {
    let text = try page()
    for line in text.split(separator: "\n") where line.hasPrefix(series + " ") {
      if let value = line.split(separator: " ").last.flatMap({ Double($0) }) { return value }
    }
    throw ChildProgram.Failure("no \(series) on the page")
  }

  /// How many looks it has taken, of both kinds.
  func looks() throws -> Double {
    try number("closewatch_samples_total{kind=\"cheap\"}")
      + number("closewatch_samples_total{kind=\"full\"}")
  }

  /// Waits for looks that begin after now.
  func waitForLooks(_ count: Double = 2, seconds: Double = 120) throws {
    let wanted = try looks() + count
    try Self.wait(seconds: seconds, "\(count) looks") { try looks() >= wanted }
  }

  /// Waits until something is so.
  static func wait(
    seconds: Double = 60, _ what: String, until isSo: () throws -> Bool
  ) throws {
    let limit = RunningDaemon.monotonicSeconds + seconds
    while try !isSo() {
      guard RunningDaemon.monotonicSeconds < limit else {
        throw ChildProgram.Failure("not within \(seconds) s: \(what)")
      }
      usleep(50_000)
    }
  }

  /// Its own connections in CLOSE_WAIT, as ss lists them.
  func ownCloseWait() throws -> [String] {
    try ChildProgram.run("ss", ["-Htanp", "state", "close-wait"]).lines
      .filter { $0.contains("pid=\(daemon.pid),") }
  }
}
