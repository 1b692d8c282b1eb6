// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// What on-call reads of each recorded scenario: the page as a person has read it, and the verdict
/// that it must have, so that a page that is recorded anew cannot become wrong unseen.
@Suite struct ScenarioTests {
  private struct Page: Decodable {
    struct Finding: Decodable {
      struct Process: Decodable {
        var role: String
        var command: String
      }
      var rule: String
      var cause: String
      var state: String
      var severity: String
      var because_of: String?
      var local_port: UInt16?
      var remote_port: UInt16?
      var processes: [Process]
      var forecast: Forecast?
      struct Forecast: Decodable {}
    }
    var findings: [Finding]
    var gaps: [Gap]
    struct Gap: Decodable { var kind: String }
  }

  private static func culprit(_ finding: Page.Finding) -> RecordedScenario.Culprit {
    guard let first = finding.processes.first(where: { $0.role != "peer" }) else { return .nobody }
    return switch first.role {
    case "holder": .holder(first.command)
    case "listener": .listener(first.command)
    default: .opener(first.command)
    }
  }

  @Test(arguments: RecordedScenario.all)
  func `the page is the one that a person has read`(_ scenario: RecordedScenario) throws {
    let run = try #require(scenario.triage())
    #expect(run.errors.isEmpty)
    let difference = Golden.difference(run.output, "scenarios/\(scenario.name).txt")
    #expect(difference == nil)
  }

  @Test(arguments: RecordedScenario.all)
  func `all of it is the page that a person has read`(_ scenario: RecordedScenario) throws {
    let run = try #require(scenario.triage("--verbose"))
    #expect(run.errors.isEmpty)
    let difference = Golden.difference(run.output, "scenarios/\(scenario.name).all.txt")
    #expect(difference == nil)
  }

  /// 24 lines of 80 columns are what a person sees before scrolling.
  @Test(arguments: RecordedScenario.leaks + RecordedScenario.pathologies)
  func `verdict, owner, time left and first step stand on the first screen`(
    _ scenario: RecordedScenario
  ) throws {
    let run = try #require(scenario.triage())
    let lines = run.output.split(separator: "\n", omittingEmptySubsequences: false)
    let screen = lines.prefix(24)
    #expect(lines.allSatisfy { $0.count < 80 || !$0.contains(" ") })
    let verdict = try #require(scenario.verdict)
    let page = try JSONDecoder().decode(
      Page.self, from: Data(try #require(scenario.triage("--json")).output.utf8))
    let finding = try #require(page.findings.first { $0.rule == verdict.rule })
    #expect(screen[0].contains(finding.severity))
    #expect(screen.contains { $0.contains("\(verdict.rule): ") })
    #expect(screen.contains { $0.hasPrefix("  do now ") })
    #expect(screen.contains { $0.hasPrefix("  more ") })
    if let command = finding.processes.first?.command {
      #expect(
        screen.contains { $0.hasPrefix(finding.severity.uppercased()) && $0.contains(command) })
    }
    if finding.forecast != nil { #expect(screen.contains { $0.hasPrefix("  runs out ") }) }
  }

  @Test(arguments: RecordedScenario.all)
  func `for a channel it is below 2,000 characters`(_ scenario: RecordedScenario) throws {
    let run = try #require(scenario.triage("--format", "markdown"))
    #expect(run.output.count < 2000, "\(run.output)")
  }

  @Test(arguments: RecordedScenario.all)
  func `the verdict is that of the label, and nothing else fires`(
    _ scenario: RecordedScenario
  ) throws {
    let run = try #require(scenario.triage("--json"))
    let page = try JSONDecoder().decode(Page.self, from: Data(run.output.utf8))
    let loud = page.findings.filter {
      $0.state == "firing" && $0.severity != "notice" && $0.because_of == nil
    }
    let verdicts = loud.map { finding in
      RecordedScenario.Verdict(
        rule: finding.rule, cause: finding.cause, culprit: Self.culprit(finding),
        localPort: finding.local_port, remotePort: finding.remote_port)
    }
    #expect(verdicts == (scenario.verdict.map { [$0] } ?? []))
    #expect(run.status == (scenario.verdict == nil ? 0 : 1))
    // One namespace was asked for and recorded whole.
    #expect(page.gaps.isEmpty, "\(page.gaps)")
  }

  @Test func `every recording has a verdict, and every page a recording`() throws {
    let names = RecordedScenario.all.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(try Self.entries(of: RecordedScenario.folder) == names.sorted())
    #expect(
      try Self.entries(of: Fixtures.directory + "/golden/scenarios")
        == names.flatMap { [$0 + ".all.txt", $0 + ".txt"] }.sorted())
  }

  private static func entries(of path: String) throws -> [String] {
    let directory = try #require(opendir(path))
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}
