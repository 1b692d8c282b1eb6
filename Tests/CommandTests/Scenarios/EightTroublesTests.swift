// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TestSupport
import Testing

/// Eight troubles at once, as a recording of 30 s has them: what is out now comes first, and
/// nothing is told twice.
@Suite struct EightTroublesTests {
  private static let command = [
    "triage", "--replay", Fixtures.directory + "/recordings/eight-troubles",
  ]

  private func run(_ options: String...) throws -> Command.Outcome {
    try #require(
      Command.run(Self.command + options, environment: ["PATH=/usr/bin:/bin", "TZ=UTC"]))
  }

  /// What was planted, in the order in which it has to be told.
  private static let troubles = [
    ("critical", "time-wait-port-exhaustion", "billing.py"),
    ("critical", "accept-queue-stall", "stalled.py"),
    ("critical", "established-idle-growth", "bus.py"),
    // To one place, in the same range of ports.
    ("critical", "close-wait-leak", "orders.py"),
    ("warning", "close-wait-leak", "web.py"),
    ("warning", "dead-socket-leak", "feed.py"),
    // The other end of a half-close: it waits for whoever does not close.
    ("warning", "close-wait-leak", "sink.py"),
    ("warning", "time-wait-bucket-overflow", "proxy.py"),
  ]

  private struct Page: Decodable {
    struct Finding: Decodable {
      struct Process: Decodable {
        var role: String
        var main: String?
      }
      var rule: String
      var severity: String
      var processes: [Process]
    }
    var findings: [Finding]
  }

  @Test func `each is one finding, and what has run out leads`() throws {
    let page = try JSONDecoder().decode(Page.self, from: Data(try run("--json").output.utf8))
    let told = page.findings.map { finding in
      let owners = Set(finding.processes.filter { $0.role != "peer" }.compactMap(\.main))
      return "\(finding.severity) \(finding.rule) \(owners.sorted().joined(separator: ", "))"
    }
    #expect(told == Self.troubles.map { "\($0.0) \($0.1) \($0.2)" })
  }

  @Test func `the first screen has all of them, and what to do about the worst`() throws {
    let page = try run().output
    let screen = page.split(separator: "\n", omittingEmptySubsequences: false).prefix(24)
    let rows = screen.dropFirst(3).prefix { !$0.isEmpty }
    #expect(rows.count == Self.troubles.count)
    for (row, (severity, _, program)) in zip(rows, Self.troubles) {
      #expect(row.hasPrefix(severity.uppercased()) && row.contains(program))
    }
    #expect(screen[0].hasSuffix(": 4 critical, 4 warnings"))
    #expect(screen.contains { $0.hasPrefix("  runs out  ephemeral ports: none left") })
    #expect(screen.contains { $0.hasPrefix("  do now    Reuse ports") })
    // Its peer has the finding.
    #expect(!page.contains("uploader.py"))
    #expect(!page.contains("Suspicious"))
  }

  @Test func `of ports that run out nobody is told to raise the limit of open files`() throws {
    let lines = try run("--verbose").output.split(separator: "\n")
    let card = lines.drop { !$0.hasPrefix("CRITICAL established-idle-growth") }
    let first = card.drop { !$0.hasPrefix("  do now ") }.prefix(4).joined(separator: "\n")
    #expect(first.contains("net.ipv4.ip_local_port_range"))
    #expect(!first.contains("prlimit"))
  }
}
