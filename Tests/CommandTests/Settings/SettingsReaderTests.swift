// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import LinuxHost
import Settings
import TestSupport
import Testing

@testable import closewatchd

/// Settings that are right, and every way in which they can be wrong.
@Suite struct SettingsReaderTests {
  private static func text(_ path: String) throws -> String {
    String(decoding: try Fixture.bytes(path), as: UTF8.self)
  }

  private static func problems(_ body: () throws(SettingsErrors) -> DaemonSettings) -> [String] {
    do throws(SettingsErrors) {
      _ = try body()
      return []
    } catch {
      return error.errors.map(\.description)
    }
  }

  /// Each file has one defect, and its first lines say what the reader has to say of it.
  @Test(arguments: try Fixture.names(in: "settings/invalid"))
  func `a defect is told with its place, its key and what was expected`(_ name: String) throws {
    let path = "\(Fixture.root)/settings/invalid/\(name)"
    // Not as one String: a file that is not UTF-8 would be another file.
    let expected = try Fixture.bytes("settings/invalid/\(name)").split(
      separator: UInt8(ascii: "\n")
    )
    .filter { $0.starts(with: "# expect ".utf8) }
    .map { line in
      let words = String(decoding: line.dropFirst(9), as: UTF8.self)
      return words.hasPrefix("byte") ? "\(path): \(words)" : "\(path):\(words)"
    }
    try #require(!expected.isEmpty)
    #expect(
      Self.problems { () throws(SettingsErrors) in try SettingsReader.read(path: path) }
        == expected)
  }

  @Test(arguments: ["empty", "comments-only", "empty-sections"])
  func `what is left out keeps its default`(_ name: String) throws {
    let text = try Self.text("settings/valid/\(name).yaml")
    #expect(try SettingsReader.read(text, file: name) == DaemonSettings())
  }

  @Test func `every kind of value is read`() throws {
    let settings = try SettingsReader.read(
      path: "\(Fixture.root)/settings/valid/every-kind.yaml")
    var expected = DaemonSettings()
    expected.sampling.interval = 90
    expected.sampling.fullInterval = 7200
    expected.sampling.cpuBudget = 0.005
    expected.sampling.source = .proc
    expected.rules.patienceSeconds = 300
    expected.rules.fewestStuck = 7
    expected.rules.disabledRules = [.orphanPressure, .synSentPileup]
    expected.rules.patienceByRule = [.establishedIdleGrowth: 1200]
    expected.journal.isEnabled = false
    expected.otlp.endpoint = CollectorURL("http://127.0.0.1:4318")
    expected.otlp.authoritiesFile = "/etc/ssl/certs/collector.pem"
    expected.otlp.resourceAttributes = [
      "deployment.environment.name": "production", "service.namespace": "ops",
    ]
    #expect(settings == expected)
  }

  @Test func `what is accepted is read, from the file as from a flag`() throws {
    let accepted = [
      Acceptance(
        owner: "legacy.service", rule: .closeWaitStuck, reason: "fixed in 4.2, ticket 812",
        until: try #require(CalendarDay("2027-03-31"))),
      Acceptance(
        owner: "nginx", rule: .deadSocketLeak, reason: "known",
        until: try #require(CalendarDay("2027-01-01"))),
    ]
    let settings = try SettingsReader.read(path: "\(Fixture.root)/settings/valid/accept.yaml")
    #expect(settings.rules.accepted == accepted)
    let key = try #require(SettingCatalog.keys.first { $0.path == "rules.accept" })
    let again = try SettingsReader.read(path: nil, flags: ["rules.accept=\(key.text(settings))"])
    #expect(again.rules.accepted == accepted)
  }

  @Test func `a rule is known by the name that it had in 0.1`() throws {
    let settings = try SettingsReader.read(
      path: nil, environment: ["CLOSEWATCH_DISABLED=[closed-fd-leak]"],
      flags: ["rules.patience-by-rule={closed-fd-leak: 20m}"])
    #expect(settings.rules.disabledRules == [.deadSocketLeak])
    #expect(settings.rules.patienceByRule == [.deadSocketLeak: 1200])
  }

  @Test func `a variable overrides the file, and a flag the variable`() throws {
    let path = "\(Fixture.root)/settings/valid/every-kind.yaml"
    let settings = try SettingsReader.read(
      path: path, environment: ["CLOSEWATCH_INTERVAL=5s", "CLOSEWATCH_PATIENCE=7m"],
      flags: ["sampling.interval=3s"])
    #expect(settings.sampling.interval == 3)
    #expect(settings.rules.patienceSeconds == 420)
    #expect(settings.rules.fewestStuck == 7)
  }

  @Test func `a wrong variable and a wrong flag are told by their names`() {
    let problems = Self.problems { () throws(SettingsErrors) in
      try SettingsReader.read(
        path: nil, environment: ["CLOSEWATCH_INTERVAL=often"],
        flags: ["sampling.sorce=proc", "rules.patience", "rules.idle=0s"])
    }
    #expect(
      problems == [
        "CLOSEWATCH_INTERVAL: sampling.interval: expected a time from 50ms to 1h, found 'often'",
        "--set sampling.sorce=proc: unknown key 'sampling.sorce'; did you mean 'sampling.source'?",
        "--set rules.patience: expected KEY=VALUE, such as sampling.interval=10s",
        "--set rules.idle=0s: rules.idle: expected a time from 1s to 30d, found '0s'",
      ])
  }

  @Test func `the variables that Kubernetes makes for a service are left alone`() throws {
    let settings = try SettingsReader.read(
      path: nil,
      environment: [
        "CLOSEWATCH_PORT=tcp://10.0.0.1:9", "CLOSEWATCH_SERVICE_HOST=10.0.0.1",
        "CLOSEWATCH_PORT_9_TCP_ADDR=10.0.0.1", "HOME=/root",
      ])
    #expect(settings == DaemonSettings())
  }

  @Test func `a file that is not there is told with the reason`() {
    let path = "/nonexistent/closewatch.yaml"
    #expect(
      Self.problems { () throws(SettingsErrors) in try SettingsReader.read(path: path) }
        == ["\(path): open: No such file or directory (ENOENT)"])
  }

  @Test func `a file of a megabyte is refused unread`() {
    let text = String(repeating: "# much\n", count: 150_000)
    #expect(
      Self.problems { () throws(SettingsErrors) in try SettingsReader.read(text, file: "big") }
        == ["big: larger than 262144 bytes; nothing was read"])
  }
}
