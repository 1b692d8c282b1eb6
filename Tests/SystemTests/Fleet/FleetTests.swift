// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// Real daemons, a real Prometheus, a real Alertmanager, with the files of `deploy/`.
@Suite(.serialized) struct FleetTests {
  private static let isFirst = "web-1:9776"
  private static let isSecond = "web-2:9776"

  @Test(
    .requires(
      .root, .networkNamespaces, .mountNamespaces, .pidNamespaces, .socketDiagnostics,
      .command("curl"), .command("ip"), .command("prometheus"),
      .command("prometheus-alertmanager"), .command("systemd-socket-activate"),
      .command("unshare")))
  func `a leak on one host of two is told by Alertmanager, and so is its end`() throws {
    let fleet = try Fleet(["web-1", "web-2"])
    for host in fleet.hosts { try fleet.startDaemon(on: host) }
    try fleet.startMonitoring()
    try isScraped(fleet)

    try fleet.plantLeak(on: fleet["web-1"], program: "leaky-api")
    let told = try fleet.waitForAlert(
      "ClosewatchCloseWaitLeak", "firing", to: "page", instance: Self.isFirst)
    checkLabels(of: told)
    checkAnnotations(of: told)
    // The forecast, which may have spoken before, is muted by the finding that explains it.
    _ = try waitFor("the forecast to be muted") {
      try fleet.heldAlerts("ClosewatchDescriptorsRunOut")
    } until: { alerts in
      alerts.contains { $0.status.state == "suppressed" && $0.status.inhibitedBy.count == 1 }
    }
    try DashboardQueries(fleet, host: Self.isFirst).haveAnswers()
    try isWatchedInTheOpen(fleet)

    try fleet.endLeak(on: fleet["web-1"])
    let over = try fleet.waitForAlert(
      "ClosewatchCloseWaitLeak", "resolved", to: "page", instance: Self.isFirst)
    #expect(over.labels == told.labels)
    let left = try fleet.query("ALERTS{area=\"sockets\", alertstate=\"firing\"}")
    #expect(left.series.isEmpty, "\(left.series)")
    // The other host never had anything to do with it.
    let mail = try fleet.notifications(to: "page") + fleet.notifications(to: "tickets")
    #expect(mail.flatMap(\.alerts).allSatisfy { $0.labels["instance"] != Self.isSecond })

    // A host that falls silent is told to those who run closewatch, not to those on call.
    try fleet.killDaemon(on: fleet["web-2"])
    let down = try fleet.waitForAlert(
      "ClosewatchDown", "firing", to: "closewatch-tickets", instance: Self.isSecond)
    #expect(down.labels["severity"] == "warning")
    try fleet.startDaemon(on: fleet["web-2"])
    _ = try fleet.waitForAlert(
      "ClosewatchDown", "resolved", to: "closewatch-tickets", instance: Self.isSecond)
  }

  @Test(
    .requires(
      .root, .networkNamespaces, .mountNamespaces, .pidNamespaces, .socketDiagnostics,
      .command("curl"), .command("ip"), .command("prometheus"),
      .command("prometheus-alertmanager"), .command("systemd-socket-activate"),
      .command("unshare")))
  func `100 owners fold at the bound of the page, and the fleet's sum has them all`() throws {
    let fleet = try Fleet(["web-1"])
    let crowd = "\(fleet.directory.path)/crowd"
    // Each is a program of its own, in a namespace of its own, with three sockets in CLOSE_WAIT.
    try fleet["web-1"].run(
      "mkdir \(crowd) && mkfifo \(crowd)/wanted && exec 8<>\(crowd)/wanted; "
        + "for i in $(seq 100); do cp \(ChildProgram.built("SocketLab")) \(crowd)/program-$i; "
        + "\(crowd)/program-$i close-wait ipv4 1 <&8 >\(crowd)/program-$i.log 2>&1 & done")
    try fleet.startDaemon(on: fleet["web-1"])
    try fleet.startMonitoring()
    for query in [
      "sum(closewatch_owner_stuck_sockets{state=\"close_wait\"})",
      "sum(closewatch_owner_sockets{state=\"close_wait\"})",
      "state:closewatch_owner_stuck_sockets:sum{state=\"close_wait\"}",
      "state:closewatch_sockets:sum{state=\"close_wait\"}",
    ] {
      _ = try waitFor(query, seconds: 90) {
        try fleet.query(query).series.map(\.value)
      } until: {
        $0 == [300]
      }
    }
    for metric in ["closewatch_owner_stuck_sockets", "closewatch_owner_sockets"] {
      let rows = try fleet.query("count(\(metric){state=\"close_wait\"})").series
      #expect(rows.map(\.value) == [21], "\(metric)")
      let rest = try fleet.query(
        "\(metric){state=\"close_wait\",owner_kind=\"rest\",owner_name=\"\"}"
      ).series
      #expect(try #require(rest.first).value >= 240)
    }
    for metric in ["closewatch_owners_folded", "closewatch_owner_sockets_folded"] {
      #expect(try #require(fleet.query(metric).series.first).value >= 80, "\(metric)")
    }
    #expect(try fleet.query("closewatch_series_omitted").series.map(\.value) == [0])
  }

  /// Both are up, and a scrape takes a small part of the ten seconds that Prometheus gives it.
  private func isScraped(_ fleet: Fleet) throws {
    let up = try waitFor("two hosts that are up") {
      try fleet.query("up{job=\"closewatch\"} == 1").series
    } until: {
      $0.count == 2
    }
    #expect(Set(up.map { $0.metric["instance"] }) == [Self.isFirst, Self.isSecond])
    let slowest = try fleet.query("max(scrape_duration_seconds{job=\"closewatch\"})").series
    #expect(try #require(slowest.first).value < 2)
    let loaded = try fleet.query("prometheus_rule_group_rules").series
    #expect(loaded.allSatisfy { $0.value > 0 })
  }

  private func checkLabels(of alert: Notification.Alert) {
    for (label, value) in [
      "instance": Self.isFirst, "job": "closewatch", "owner_kind": "program",
      "owner_name": "leaky-api", "rule": "close-wait-leak", "cause": "eof-read-not-closed",
      "severity": "critical", "area": "sockets", "local_port": "8080",
    ] {
      #expect(alert.labels[label] == value, "\(label)")
    }
    #expect(alert.labels["lifecycle"] == nil)
  }

  /// What the one who is woken reads.
  private func checkAnnotations(of alert: Notification.Alert) {
    let texts = alert.annotations
    #expect(
      Set(texts.keys) == [
        "summary", "description", "action", "does_not_help", "runbook_url", "dashboard_url",
      ])
    #expect(texts["summary"]?.hasPrefix("leaky-api on web-1: ") == true)
    #expect(texts["summary"]?.contains(" sockets: never closed after the peer closed") == true)
    for part in [
      "leaky-api (program): ", " on port 8080 in network namespace net:[", " more an hour",
      ", the oldest at least ", "The peers have closed, and the program has taken all input ",
    ] {
      #expect(texts["description"]?.contains(part) == true, "\(part) \(texts)")
    }
    #expect(
      texts["action"]?.hasPrefix("On web-1, as root:\n  closewatch triage\n") == true)
    #expect(texts["action"]?.contains("ss -tnpo state close-wait '( sport = :PORT )'") == true)
    #expect(texts["does_not_help"]?.contains("- Lowering net.ipv4.tcp_fin_timeout: ") == true)
    #expect(texts["runbook_url"]?.hasSuffix("/close-wait-leak.md") == true)
    #expect(
      texts["dashboard_url"]?.contains("/d/closewatch-host?var-instance=") == true)
    for text in texts.values {
      for broken in ["<error", "<no value>", "{{", "}}", "NaN"] {
        #expect(!text.contains(broken), "\(text)")
      }
    }
  }

  /// Prometheus asks for OpenMetrics, gzipped, and gets both.
  private func isWatchedInTheOpen(_ fleet: Fleet) throws {
    // Only OpenMetrics has the type info and units.
    for (metric, type, unit) in [
      ("closewatch_build", "info", ""), ("closewatch_turns_cpu_seconds", "counter", "seconds"),
    ] {
      let lines = try fleet.monitor.run(
        "curl -sG --max-time 20 --data-urlencode metric=\(metric) "
          + "http://127.0.0.1:9090/api/v1/targets/metadata; echo")
      let entry = try #require(PrometheusMetadata(lines.joined()).data.first, "\(metric)")
      #expect(entry.type == type)
      #expect(entry.unit == unit)
    }
    // What its one connection has carried, against what as many pages are without gzip.
    let plain = try fleet.monitor.run("curl -s --max-time 20 http://web-2:9776/metrics | wc -c")
    let sent = try fleet["web-2"].run(
      "ss -Htin state established '( sport = :9776 )' | grep -o 'bytes_sent:[0-9]*' "
        + "| cut -d: -f2")
    let scraped = try fleet.query(
      "count_over_time(up{job=\"closewatch\",instance=\"web-2:9776\"}[10m])")
    let scrapes = scraped.series.first?.value
    let bytes = try #require(plain.first.flatMap(Double.init))
    let carried = sent.compactMap(Double.init).reduce(0, +)
    #expect(carried > 0)
    #expect(carried < bytes * (try #require(scrapes)) / 2, "\(sent) \(plain)")
  }
}
