// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// The files for Prometheus, Alertmanager and Grafana, by the tools that read them.
@Suite struct MonitoringFilesTests {
  private static func deploy(_ path: String) -> String { "\(Fleet.deploy)/\(path)" }

  private func run(_ words: String...) throws -> (status: Int32, lines: [String]) {
    try ChildProgram.run("sh", ["-c", "exec \"$@\" 2>&1", "sh"] + words)
  }

  @Test(.requires(.command("promtool")))
  func `promtool finds nothing wrong with the rules and the examples`() throws {
    let file = Self.deploy("prometheus/closewatch.rules.yml")
    let rules = try run("promtool", "check", "rules", file)
    #expect(rules.status == 0, "\(rules.lines)")
    #expect(rules.lines.contains { $0.hasSuffix(" rules found") && !$0.contains(" 0 rules") })
    let plain = try run("promtool", "check", "config", Self.deploy("prometheus/prometheus.yml"))
    #expect(plain.status == 0, "\(plain.lines)")
    // Its certificates are the reader's.
    let secured = try run(
      "promtool", "check", "config", "--syntax-only", Self.deploy("prometheus/prometheus-tls.yml"))
    #expect(secured.status == 0, "\(secured.lines)")
  }

  /// Debian's Prometheus does not know Kubernetes: all of the file but its discovery.
  @Test(.requires(.command("promtool")))
  func `the example for Kubernetes is right but for what this promtool can't read`() throws {
    let bytes = try #require(readBytes(Self.deploy("prometheus/prometheus-kubernetes.yml")))
    var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    let start = try #require(lines.firstIndex { $0.hasSuffix("kubernetes_sd_configs:") })
    let end = try #require(lines.firstIndex { $0.hasSuffix("relabel_configs:") })
    lines.removeSubrange(start..<end)
    let directory = TemporaryDirectory()
    directory.write("prometheus.yml", Array((lines.joined(separator: "\n") + "\n").utf8))
    let checked = try run(
      "promtool", "check", "config", "--syntax-only", "\(directory.path)/prometheus.yml")
    #expect(checked.status == 0, "\(checked.lines)")
  }

  @Test(
    .requires(.command("promtool")),
    arguments: ["rules", "findings", "capacity", "watcher", "records", "pods"])
  func `the rules do what their tests say`(_ name: String) throws {
    let tested = try run("promtool", "test", "rules", Self.deploy("prometheus/tests/\(name).yml"))
    #expect(tested.status == 0, "\(tested.lines.joined(separator: "\n"))")
    #expect(tested.lines.contains { $0.contains("SUCCESS") }, "\(tested.lines)")
  }

  @Test(
    .requires(.command("amtool")),
    arguments: [
      ("area=sockets severity=critical", "page"), ("area=sockets severity=warning", "tickets"),
      ("area=sockets severity=notice", "chat"),
      ("area=closewatch severity=warning", "closewatch-tickets"),
      ("area=closewatch severity=notice", "chat"), ("severity=critical", "chat"),
    ])
  func `an alert is routed by its severity and area`(_ labels: String, _ receiver: String) throws {
    let file = Self.deploy("alertmanager/alertmanager.yml")
    let checked = try run("amtool", "check-config", file)
    #expect(checked.status == 0, "\(checked.lines)")
    let words = labels.split(separator: " ").map(String.init)
    let routed = try ChildProgram.run(
      "amtool", ["config", "routes", "test", "--config.file=\(file)"] + words)
    #expect(routed.lines == [receiver])
  }

  @Test(arguments: DashboardQueries.names)
  func `a panel says what it shows, in which unit and from which source`(_ name: String) throws {
    let board = try DashboardQueries.read(name)
    #expect(board.uid == name)
    #expect(Set(board.panels.map(\.id)).count == board.panels.count)
    #expect(board.panels.contains { $0.type != "row" })
    for panel in board.panels where panel.type != "row" {
      #expect(panel.description?.hasSuffix(".") == true, "\(panel.title)")
      #expect(panel.fieldConfig?.defaults.unit != nil, "\(panel.title)")
      #expect(panel.datasource?.uid == "${datasource}", "\(panel.title)")
      #expect(panel.targets?.isEmpty == false, "\(panel.title)")
    }
  }

  @Test(arguments: DashboardQueries.names)
  func `every variable that can be chosen is asked for, and a query asks for no other`(
    _ name: String
  ) throws {
    let board = try DashboardQueries.read(name)
    let chosen = Set(board.templating.list.map(\.name)).subtracting(["datasource"])
    #expect(chosen.isSuperset(of: ["severity", "owner"]))
    let asked = board.queries.flatMap { query in
      query.expression.split(separator: "$").dropFirst().map { part in
        String(part.prefix { $0.isLetter || $0 == "_" })
      }
    }
    #expect(Set(asked).subtracting(["__rate_interval"]) == chosen)
  }

  @Test func `what may be without an answer is still asked`() throws {
    let queries = try DashboardQueries.names.flatMap { name in
      try DashboardQueries.read(name).queries.map(\.expression)
    }
    for part in DashboardQueries.mayBeEmpty.keys {
      #expect(queries.contains { $0.contains(part) }, "\(part)")
    }
  }
}
