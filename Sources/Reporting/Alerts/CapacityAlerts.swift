// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The alerts on something that runs out, before or without a finding.
enum CapacityAlerts {
  static func all(_ links: AlertLinks) -> [AlertRule] {
    [acceptQueue(links), ports(links), descriptors(links)]
  }

  /// Of a queue of the kernel's. The rule counts how long it is full, and has no share.
  static let acceptQueueShare = 0.8
  /// Prometheus does not know what was set on a host.
  private static let usual = RuleSettings()

  private static func percent(_ share: Double) -> String {
    Quantity.fixed(100 * share, decimals: 0) + " %"
  }

  /// A rule that explains an alert.
  struct Explanation {
    var rule: RuleID
    /// When it is this rule that does; nil: always.
    var condition: String?
  }

  /// The rules whose guides are those of an alert.
  static func explanations(of alert: String) -> [Explanation] {
    switch alert {
    case acceptQueueName: [Explanation(rule: .acceptQueueStall)]
    case portsName:
      [
        Explanation(rule: .timeWaitPortExhaustion, condition: "If most are in TIME-WAIT"),
        Explanation(rule: .ephemeralPortExhaustion, condition: "If most are ESTAB"),
      ]
    default: [Explanation(rule: .descriptorExhaustion)]
    }
  }

  /// Shows which of several rules explains an alert.
  static func choice(of alert: String) -> String? {
    guard alert == portsName else { return nil }
    return GuidePlaceholder.replaceAll(in: GuideStep.countPorts, by: \.spelledOut)
  }

  /// What people do in vain about an alert.
  static func futile(_ alert: String) -> String {
    explanations(of: alert).map { explanation in
      let advice = guide(explanation.rule).doesNotHelp.map { "- \($0.what): \($0.why)" }
      return ([explanation.condition.map { $0 + ":" }].compactMap { $0 } + advice)
        .joined(separator: "\n")
    }.joined(separator: "\n")
  }

  private static let acceptQueueName = "ClosewatchAcceptQueueNearlyFull"
  private static let portsName = "ClosewatchEphemeralPortsNearlyUsed"
  private static let descriptorsName = "ClosewatchDescriptorsRunOut"

  static let reason = """
    What runs out, also where no rule has found a culprit yet. All are warnings: the finding that
    explains one is what pages, and mutes it (see inhibit_rules in alertmanager.yml).
    """

  private static func guide(_ rule: RuleID) -> GuideText {
    rule.guide(to: GuideSubject(rule.guide.causes[0])).spelledOut()
  }

  private static func annotations(
    _ alert: String, _ links: AlertLinks, _ summary: String, _ description: String
  ) -> [(name: String, template: String)] {
    [
      ("summary", summary),
      ("description", description),
      (
        "action",
        """
        On \(AlertTemplate.host), as root:
          closewatch triage
        It says who, and prints the commands for what it finds.
        """
      ),
      ("does_not_help", AlertTemplate.literal(futile(alert))),
      ("runbook_url", links.runbook(RunbookPages.name(ofCapacity: alert))),
      ("dashboard_url", links.hostDashboard),
    ]
  }

  /// The kernel takes one more than the backlog.
  private static func acceptQueue(_ links: AlertLinks) -> AlertRule {
    AlertRule(
      name: acceptQueueName,
      expression: """
        closewatch_accept_queue_sockets / (closewatch_accept_queue_limit + 1) > \(acceptQueueShare)
        and closewatch_accept_queue_sockets >= 5
        """,
      wait: "2m", severity: "warning", area: "sockets",
      reason: """
        The queue holds one more than the backlog. \(percent(acceptQueueShare)): a burst of a
        fifth of the backlog still fits. 2m: a burst that is accepted is over by then. At least 5: a
        backlog of one or two is full whenever anybody waits.
        """,
      annotations: annotations(
        acceptQueueName, links,
        """
        {{ with $labels.owner_name }}{{ . }}{{ else }}A listener{{ end }} on \
        \(AlertTemplate.host): accept queue of {{ $labels.listen }} is \
        {{ $value | humanizePercentage }} full
        """,
        """
        Connections to {{ $labels.listen }} arrive faster than accept() takes them. When the queue \
        is full the kernel drops new ones, and clients hang in connect().
        """),
      about: "The accept queue of a listener is more than \(percent(acceptQueueShare)) full.")
  }

  private static func ports(_ links: AlertLinks) -> AlertRule {
    AlertRule(
      name: portsName,
      expression: """
        closewatch_ephemeral_ports_used / closewatch_ephemeral_ports_capacity \
        > \(usual.portShareWarning)
        """,
      wait: "2m", severity: "warning", area: "sockets",
      reason: """
        \(percent(usual.portShareWarning)): connect() slows down before the last port is gone,
        because it searches for a free one by trial. 2m: twice the life of a TIME_WAIT, so that a
        burst does not fire.
        """,
      annotations: annotations(
        portsName, links,
        """
        \(AlertTemplate.host): {{ $value | humanizePercentage }} of the local ports from \
        {{ $labels.source }} to {{ $labels.destination }} are in use
        """,
        """
        The ephemeral ports to this one address and port are nearly used up. When none is left, \
        connect() fails with EADDRNOTAVAIL, "Cannot assign requested address"; other destinations \
        still work.
        """),
      about: """
        More than \(percent(usual.portShareWarning)) of the local ports to one destination are \
        in use.
        """)
  }

  private static func descriptors(_ links: AlertLinks) -> AlertRule {
    AlertRule(
      name: descriptorsName,
      expression: """
        closewatch_finding_exhaustion_seconds{resource="descriptors"} \
        < \(Quantity.fixed(usual.criticalHorizonSeconds, decimals: 0))
        """,
      wait: "1m", severity: "warning", area: "sockets",
      reason: """
        \(Quantity.duration(usual.criticalHorizonSeconds)): \(Threshold.criticalHorizon.reason).
        1m: a forecast from two looks can be a burst. A warning, because it holds for suspicions
        too; the finding itself is critical when it is confirmed.
        """,
      annotations: annotations(
        descriptorsName, links,
        """
        {{ $labels.owner_name }} on \(AlertTemplate.host): out of descriptors in \
        {{ $value | \(AlertTemplate.duration) }} at the present rate
        """,
        """
        {{ $labels.owner_name }} is running out of file descriptors. At its limit accept(), \
        socket() and open() fail with EMFILE, "Too many open files"; the finding is \
        {{ $labels.rule }}.
        """),
      about: "A process is out of descriptors within the hour, at the present rate.")
  }
}
