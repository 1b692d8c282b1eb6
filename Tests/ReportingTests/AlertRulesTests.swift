// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

@testable import Reporting

/// The alerting rules, as far as they can be judged without Prometheus.
@Suite struct AlertRulesTests {
  private static let all = AlertRulesText.alerts(AlertLinks())
  private static let findings = FindingAlerts.all(AlertLinks())

  @Test func `every rule of closewatch has an alert by its name`() {
    #expect(AlertName.of("fin-wait-2-owned") == "ClosewatchFinWait2Owned")
    #expect(Self.findings.map(\.name) == RuleID.allCases.map { AlertName.of($0.rawValue) })
    #expect(Set(Self.all.map(\.name)).count == Self.all.count)
  }

  @Test func `every alert and every recorded series has a test for promtool`() throws {
    let tests = try ["rules", "findings", "capacity", "watcher", "records", "pods"].map { name in
      let path = "\(Fixture.root)/../../deploy/prometheus/tests/\(name).yml"
      return String(decoding: try #require(readBytes(path)), as: UTF8.self)
    }.joined()
    for name in AlertRulesText.alertNames {
      #expect(tests.contains("alertname=\"\(name)\""), "\(name)")
    }
    for name in AlertRulesText.recordNames { #expect(tests.contains("\(name){"), "\(name)") }
  }

  @Test func `queries ask only for metrics that there are, and never for raw TIME_WAIT`() {
    let known = Set(MetricCatalog.all.map(\.sampleName))
    for query in Self.all.map(\.expression) + (FleetRecords.all + PodRecords.all).map(\.expression)
    {
      // Before a colon it is the level of a recorded series.
      let names = query.split { !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != ":" }
        .filter { $0.hasPrefix("closewatch_") && !$0.contains(":") }
      for name in names { #expect(known.contains(String(name)), "\(name) in \(query)") }
    }
    for alert in Self.all { #expect(!alert.expression.contains("time_wait\""), "\(alert.name)") }
  }

  @Test func `an alert on what a rule judges too has the default of the rule's threshold`() {
    let usual = RuleSettings()
    let expressions = Self.all.map(\.expression)
    #expect(expressions.contains { $0.hasSuffix("_capacity > \(usual.portShareWarning)") })
    #expect(expressions.contains { $0.hasSuffix("< \(Int(usual.criticalHorizonSeconds))") })
  }

  @Test func `an alert says what it means, what to do, what does not help, and where`() {
    for alert in Self.all {
      let texts = Dictionary(uniqueKeysWithValues: alert.annotations.map { ($0.name, $0.template) })
      #expect(texts["summary"]?.isEmpty == false, "\(alert.name)")
      #expect(texts["description"]?.isEmpty == false, "\(alert.name)")
      #expect(texts["action"]?.isEmpty == false, "\(alert.name)")
      #expect((texts["does_not_help"] != nil) == (alert.area == "sockets"), "\(alert.name)")
      #expect(!alert.reason.isEmpty, "\(alert.name)")
      for text in texts.values {
        #expect(!text.hasPrefix(" ") && !text.hasSuffix("\n"), "\(alert.name)")
        #expect(text.allSatisfy { $0.isASCII && $0 != "\t" }, "\(alert.name)")
      }
    }
  }

  @Test func `an alert links to a page that there is, and to a dashboard`() throws {
    var links = AlertLinks()
    links.runbooks = "https://wiki.example/tcp"
    links.dashboards = "https://graphs.example"
    let pages = Dictionary(
      RunbookPages.all().map { ($0.name, $0.text) }, uniquingKeysWith: { first, _ in first })
    for alert in AlertRulesText.alerts(links) {
      let texts = Dictionary(uniqueKeysWithValues: alert.annotations.map { ($0.name, $0.template) })
      let url = try #require(texts["runbook_url"])
      #expect(url.hasPrefix("https://wiki.example/tcp/"), "\(alert.name)")
      let parts = url.dropFirst("https://wiki.example/tcp/".count).split(separator: "#")
      let page = try #require(pages[String(parts[0].dropLast(".md".count))], "\(url)")
      if let section = parts.dropFirst().first {
        let headings = page.split(separator: "\n").filter { $0.hasPrefix("## ") }
        #expect(headings.contains { $0.dropFirst(3).lowercased() == section }, "\(url)")
      }
      let board = try #require(texts["dashboard_url"])
      #expect(board.hasPrefix("https://graphs.example/d/closewatch-"), "\(alert.name)")
    }
  }

  @Test func `an alert on local ports leads to each rule that judges them, and each mutes it`()
    throws
  {
    let alert = try #require(CapacityAlerts.all(AlertLinks()).first { $0.name.contains("Ports") })
    let texts = Dictionary(uniqueKeysWithValues: alert.annotations.map { ($0.name, $0.template) })
    let advice = try #require(texts["does_not_help"])
    let name = try #require(texts["runbook_url"]?.split(separator: "/").last?.dropLast(3))
    let page = try #require(RunbookPages.all().first { $0.name == name }).text
    let file = try #require(readBytes("\(Fixture.root)/../../deploy/alertmanager/alertmanager.yml"))
    let mutes = try #require(
      String(decoding: file, as: UTF8.self).split(separator: "source_matchers")
        .first { $0.contains("target_matchers: [alertname=\"\(alert.name)\"]") })
    let rules = RuleID.allCases.filter {
      $0.guide.thresholds.contains { $0.name == Threshold.portShareWarning.name }
    }
    #expect(rules.count == 2)
    for rule in rules {
      #expect(page.contains("(\(rule.rawValue).md)"))
      #expect(mutes.contains(AlertName.of(rule.rawValue)))
      let guide = rule.guide(to: GuideSubject(rule.guide.causes[0])).spelledOut()
      for futile in guide.doesNotHelp {
        #expect(advice.contains(futile.why), "\(futile.what)")
      }
    }
    #expect(page.contains("uniq -c") && page.contains("If most are ESTAB"))
  }

  @Test func `a description is two sentences, and no title has the id of a finding`() throws {
    for alert in Self.findings {
      let texts = Dictionary(uniqueKeysWithValues: alert.annotations.map { ($0.name, $0.template) })
      let lines = try #require(texts["description"]).split(separator: "\n")
      #expect(lines.count { $0.hasSuffix(".") } >= 2, "\(alert.name)")
      #expect(texts["summary"]?.contains("$labels.finding }}") == false, "\(alert.name)")
    }
    #expect(FindingAlerts.firstSentence("A (b c) 1.5 d. E f.") == "A (b c) 1.5 d.")
    #expect(FindingAlerts.firstSentence("One only.") == "One only.")
  }

  @Test func `a runbook fits its readers: a title, a section for each cause, shell in blocks`() {
    for page in RunbookPages.all() {
      #expect(page.text.contains("\n# "), "\(page.name)")
      #expect(!page.text.contains("{{"), "\(page.name)")
      #expect(page.text.ranges(of: "```").count.isMultiple(of: 2), "\(page.name)")
      #expect(page.text.allSatisfy { $0.isASCII && $0 != "\t" }, "\(page.name)")
    }
  }

  @Test func `the guide of every cause is in the alert of its rule, word for word`() throws {
    for rule in RuleID.allCases {
      let alert = try #require(
        Self.findings.first { $0.expression.contains("\"\(rule.rawValue)\"") })
      let text = alert.annotations.map(\.template).joined(separator: "\n")
      let runbook = try #require(RunbookPages.all().first { $0.name == rule.rawValue }).text
      let causes = rule.guide.causes
      for cause in causes {
        let guide = rule.guide(to: GuideSubject(cause)).spelledOut()
        let title = FindingWords(nil, style: TextStyle()).lowercasedFirst(guide.title)
        #expect(text.contains(title) && runbook.contains(guide.meaning), "\(rule) \(cause)")
        #expect(text.contains(FindingAlerts.firstSentence(guide.meaning)), "\(rule) \(cause)")
        for fix in guide.fix.flatMap({ $0.split(separator: "\n") }) {
          #expect(runbook.contains(fix), "\(rule) \(cause): \(fix)")
        }
        for futile in guide.doesNotHelp { #expect(text.contains(futile.why), "\(rule) \(cause)") }
        for step in guide.now.flatMap({ $0.split(separator: "\n") }) {
          #expect(text.contains(step), "\(rule) \(cause): \(step)")
        }
      }
    }
  }

  @Test func `braces in a guide are text, not a template`() {
    #expect(AlertTemplate.literal("a {b} ${c}") == "a {b} ${c}")
    #expect(AlertTemplate.literal("x {{ y }}") == "x {{ \"{{\" }} y }}")
  }

  @Test func `only what is confirmed and critical by itself pages`() {
    // The severity of a finding is the daemon's; none of the others is critical.
    for alert in Self.findings { #expect(alert.severity == nil) }
    for alert in Self.all.dropFirst(Self.findings.count) {
      #expect(["warning", "notice"].contains(alert.severity), "\(alert.name)")
    }
  }
}
