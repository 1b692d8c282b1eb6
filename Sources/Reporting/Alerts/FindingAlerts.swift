// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The alerts on what closewatch has found: one for each rule, worded by its guide.
enum FindingAlerts {
  static func all(_ links: AlertLinks) -> [AlertRule] {
    RuleID.allCases.map { alert($0, links) }
  }

  static let reason = """
    What closewatch has confirmed. The severity is the label of the series: the daemon weighs what
    runs out, and when. No for: the daemon has watched for the patience of the rule before it says
    firing, and ends it when all its sockets are closed or their process has exited, else after
    rules.quiet; to wait here again costs a critical finding its hour. keep_firing_for: a daemon
    that restarts has forgotten, and needs about 4m to confirm again. TIME_WAIT alone is no finding,
    however much of it there is, and alerts nobody.
    """

  private static func alert(_ rule: RuleID, _ links: AlertLinks) -> AlertRule {
    AlertRule(
      name: AlertName.of(rule.rawValue),
      expression: """
        max without (lifecycle) \
        (closewatch_finding{rule="\(rule.rawValue)", lifecycle="firing", because_of="", \
        accepted=""})
        """,
      wait: nil, hold: "5m", severity: nil, area: "sockets",
      reason: AlertTemplate.sentence(rule.guide.summary),
      annotations: [
        ("summary", summary(rule)), ("description", description(rule)), ("action", action(rule)),
        ("does_not_help", futile(rule)), ("runbook_url", links.runbook(rule)),
        ("dashboard_url", links.hostDashboard),
      ])
  }

  private static func guide(_ rule: RuleID, _ cause: Cause) -> GuideText {
    rule.guide(to: GuideSubject(cause)).spelledOut()
  }

  /// `api.service on web-1: 107 sockets: never closed after the peer closed, out of descriptors in
  /// 10m`.
  private static func summary(_ rule: RuleID) -> String {
    let words = FindingWords(nil, style: TextStyle())
    return AlertTemplate.owner("{{ $labels.owner_name }}") + " on \(AlertTemplate.host):"
      + AlertTemplate.figure(
        "{{ \" \" }}", "closewatch_finding_sockets@", #"printf "%.0f""#, "\(counted(rule)):") + " "
      + AlertTemplate.byCause(rule, other: rule.guide.summary) { cause in
        AlertTemplate.literal(words.lowercasedFirst(guide(rule, cause).title))
      }
      + AlertTemplate.figure(
        ", out of {{ . | first | label \"resource\" }} in ",
        AlertTemplate.rounded("closewatch_finding_exhaustion_seconds@"), AlertTemplate.duration,
        "")
  }

  /// How many, where and how fast; then what it means, in a sentence. The rest is in the runbook.
  private static func description(_ rule: RuleID) -> String {
    AlertTemplate.owner("{{ $labels.owner_name }} ({{ $labels.owner_kind }})")
      + ":\(count(rule))\(figures).\n"
      + AlertTemplate.byCause(rule, other: "The cause is {{ $labels.cause }}.") { cause in
        AlertTemplate.literal(firstSentence(guide(rule, cause).meaning))
      }
  }

  /// Up to the first full stop that a space follows.
  static func firstSentence(_ text: String) -> String {
    text.firstRange(of: ". ").map { text[..<$0.lowerBound] + "." } ?? text
  }

  private static func count(_ rule: RuleID) -> String {
    AlertTemplate.figure(
      "{{ \" \" }}", "closewatch_finding_sockets@", #"printf "%.0f""#, counted(rule))
  }

  private static func counted(_ rule: RuleID) -> String {
    [.deadSockets, .openDescriptors].contains(rule.guide.counts) ? " descriptors" : " sockets"
  }

  private static let figures =
    "{{ with $labels.local_port }} on port {{ . }}{{ end }}"
    + "{{ if ne $labels.netns \"own\" }} in network namespace {{ $labels.netns }}{{ end }}"
    + AlertTemplate.figure(
      ", ", "closewatch_finding_growth_sockets_per_second@ * 3600 > 0", #"printf "%.1f""#,
      " more an hour")
    + AlertTemplate.figure(
      ", the oldest at least ",
      AlertTemplate.rounded("time() - closewatch_finding_oldest_timestamp_seconds@"),
      AlertTemplate.duration, " old")

  private static func action(_ rule: RuleID) -> String {
    """
    On \(AlertTemplate.host), as root:
      closewatch triage
    It names process, descriptor and peers, and prints the commands that follow with their values
    in place of the upper-case words. What was true when it began is in the journal there:
      journalctl -x -n 1 -t closewatch CLOSEWATCH_RULE=\(rule.rawValue)
    Then:

    """
      + AlertTemplate.byCause(rule, other: "- closewatch explain \(rule.rawValue)") { cause in
        guide(rule, cause).now.map { AlertTemplate.literal(step($0)) }.joined(separator: "\n")
      }
  }

  private static func futile(_ rule: RuleID) -> String {
    AlertTemplate.byCause(rule, other: "- See closewatch explain \(rule.rawValue).") { cause in
      guide(rule, cause).doesNotHelp.map {
        AlertTemplate.literal("- \($0.what): \($0.why)")
      }.joined(separator: "\n")
    }
  }

  /// A bullet, its commands below it.
  private static func step(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
      .map { ($0.offset == 0 ? "- " : "    ") + $0.element }.joined(separator: "\n")
  }
}
