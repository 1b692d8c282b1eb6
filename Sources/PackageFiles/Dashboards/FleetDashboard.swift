// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Reporting

/// What deploy/grafana/closewatch-fleet.json shows.
enum FleetDashboard {
  private typealias Query = DashboardPanel.Query
  private typealias Step = DashboardPanel.Step
  private typealias Column = DashboardPanel.Column
  private static let details = MetricCatalog.findingDetails.joined(separator: ", ")

  static let board = Dashboard(
    name: "fleet",
    about: """
      Sockets that should have been closed, over all hosts: who leaks, where, and what \
      runs out first. Needs the recording rules of closewatch.rules.yml.
      """, other: "host", isOfOneHost: false,
    selector: #"cluster=~"$cluster", owner_name=~"$owner""#,
    rows: [
      Dashboard.Row(title: "Now", panels: now), Dashboard.Row(title: "Findings", panels: findings),
      Dashboard.Row(title: "Who", panels: who), Dashboard.Row(title: "Sockets", panels: sockets),
      Dashboard.Row(title: "What runs out", panels: whatRunsOut),
      Dashboard.Row(title: "closewatch itself", panels: closewatchItself),
    ])

  private static let now: [DashboardPanel] = [
    DashboardPanel(
      title: "Hosts watched", about: "Hosts whose closewatch answered the latest scrape.",
      unit: "none", width: 4, height: 4,
      kind: .number(
        none: "0", steps: [Step(colour: "red", from: nil), Step(colour: "green", from: 1)]),
      queries: [
        Query(
          expression: #"count(up{job="closewatch", cluster=~"$cluster"} == 1) or vector(0)"#)
      ]),
    DashboardPanel(
      title: "Hosts not watched",
      about: """
        Hosts whose closewatch does not answer. Their findings are out of view, not \
        over.
        """, unit: "none", width: 4, height: 4,
      kind: .number(
        none: "0", steps: [Step(colour: "green", from: nil), Step(colour: "orange", from: 1)]),
      queries: [
        Query(
          expression: #"count(up{job="closewatch", cluster=~"$cluster"} == 0) or vector(0)"#)
      ]),
    DashboardPanel(
      title: "Critical findings", about: "Confirmed, and something runs out within the hour.",
      unit: "none", width: 4, height: 4,
      kind: .number(
        none: "0", steps: [Step(colour: "green", from: nil), Step(colour: "red", from: 1)]),
      queries: [
        Query(
          expression: """
            sum(rule_severity:closewatch_findings_firing:sum{cluster=~"$cluster", \
            severity="critical"})
            """)
      ]),
    DashboardPanel(
      title: "Warnings", about: "Confirmed, and a person should act within days.", unit: "none",
      width: 4, height: 4,
      kind: .number(
        none: "0", steps: [Step(colour: "green", from: nil), Step(colour: "orange", from: 1)]),
      queries: [
        Query(
          expression: """
            sum(rule_severity:closewatch_findings_firing:sum{cluster=~"$cluster", \
            severity="warning"})
            """)
      ]),
    DashboardPanel(
      title: "Stuck sockets",
      about: """
        Sockets closed by one side only, without a byte for the patience of the rules \
        (rules.patience).
        """, unit: "none", width: 4, height: 4,
      kind: .number(none: "0", steps: [Step(colour: "green", from: nil)]),
      queries: [
        Query(
          expression: """
            sum(state:closewatch_owner_stuck_sockets:sum{cluster=~"$cluster"}) or vector(0)
            """)
      ]),
    DashboardPanel(
      title: "First to run out",
      about: """
        The shortest time until a resource of any host runs out, at the present rate. \
        Empty when nothing does.
        """, unit: "s", width: 4, height: 4,
      kind: .number(
        none: "nothing",
        steps: [
          Step(colour: "red", from: nil), Step(colour: "orange", from: 3600),
          Step(colour: "green", from: 604800),
        ]),
      queries: [
        Query(
          expression: """
            min(closewatch_finding_exhaustion_seconds{cluster=~"$cluster", owner_name=~"$owner"})
            """)
      ]),
  ]

  private static let findings: [DashboardPanel] = [
    DashboardPanel(
      title: "Firing findings",
      about: """
        Every confirmed finding with the number of its sockets. Click the host for its \
        page; closewatch explain RULE says what to do.
        """, unit: "none", width: 24, height: 9,
      kind: .table(
        [
          Column(label: "severity", title: "Severity"), Column(label: "instance", title: "Host"),
          Column(label: "owner_kind", title: "Kind"), Column(label: "owner_name", title: "Owner"),
          Column(label: "rule", title: "Rule"), Column(label: "cause", title: "Cause"),
          Column(label: "root", title: "Root"), Column(label: "local_port", title: "Port"),
          Column(label: "netns", title: "Network namespace"),
          Column(label: "lifecycle", title: "Lifecycle"),
          Column(label: "finding", title: "Finding"), Column(label: "Value", title: "Sockets"),
        ], hidden: ["lifecycle", "finding", "because_of"], sorted: "Sockets", isDescending: true,
        valueUnit: "none"),
      queries: [
        Query(
          expression: """
            closewatch_finding_sockets * ignoring (\(details)) group_right () \
            closewatch_finding{lifecycle="firing", because_of="", cluster=~"$cluster", \
            severity=~"$severity", owner_name=~"$owner"}
            """)
      ]),
    DashboardPanel(
      title: "Time to exhaustion",
      about: """
        What runs out next, at the present rate, counted from the last sample. Of \
        confirmed and of suspected findings. Empty when nothing runs out.
        """, unit: "none", width: 12, height: 8,
      kind: .table(
        [
          Column(label: "instance", title: "Host"), Column(label: "owner_kind", title: "Kind"),
          Column(label: "owner_name", title: "Owner"), Column(label: "resource", title: "Resource"),
          Column(label: "rule", title: "Rule"), Column(label: "finding", title: "Finding"),
          Column(label: "Value", title: "Runs out in"),
        ], hidden: ["finding"], sorted: "Runs out in", isDescending: false, valueUnit: "s"),
      queries: [
        Query(
          expression: """
            closewatch_finding_exhaustion_seconds{cluster=~"$cluster", owner_name=~"$owner"}
            """)
      ]),
    DashboardPanel(
      title: "Confirmed findings by severity",
      about: "How many findings fire on all hosts together.", unit: "short", width: 12, height: 8,
      kind: .curves(isStacked: true),
      queries: [
        Query(
          expression: """
            sum by (severity) (rule_severity:closewatch_findings_firing:sum{cluster=~"$cluster", \
            severity=~"$severity"})
            """, legend: "{{severity}}")
      ]),
  ]

  private static let who: [DashboardPanel] = [
    DashboardPanel(
      title: "Worst owners",
      about: """
        Units, containers and programs with the most stuck sockets, all hosts together. kernel: no \
        process holds them. rest: what hosts sum up beyond their bound.
        """, unit: "none", width: 12, height: 9,
      kind: .table(
        [
          Column(label: "owner_kind", title: "Kind"), Column(label: "owner_name", title: "Owner"),
          Column(label: "Value", title: "Stuck sockets"),
        ], hidden: [], sorted: "Stuck sockets", isDescending: true, valueUnit: "short"),
      queries: [
        Query(
          expression: """
            topk(15, sum by (owner_kind, owner_name) \
            (owner:closewatch_owner_stuck_sockets:sum{cluster=~"$cluster", \
            owner_name=~"$owner"}) > 0)
            """)
      ]),
    DashboardPanel(
      title: "Worst hosts", about: "Hosts with the most stuck sockets.", unit: "none", width: 12,
      height: 9,
      kind: .table(
        [Column(label: "instance", title: "Host"), Column(label: "Value", title: "Stuck sockets")],
        hidden: [], sorted: "Stuck sockets", isDescending: true, valueUnit: "short"),
      queries: [
        Query(
          expression: """
            topk(15, instance:closewatch_owner_stuck_sockets:sum{cluster=~"$cluster"} > 0)
            """)
      ]),
  ]

  private static let sockets: [DashboardPanel] = [
    DashboardPanel(
      title: "Stuck sockets by state",
      about: """
        Sockets closed by one side only that stay, on all hosts. close_wait: the program \
        here does not close. fin_wait2: the peer does not. The others: the peer does not \
        answer.
        """, unit: "short", width: 12, height: 8, kind: .curves(isStacked: true),
      queries: [
        Query(
          expression: """
            sum by (state) (state:closewatch_owner_stuck_sockets:sum{cluster=~"$cluster"})
            """, legend: "{{state}}")
      ]),
    DashboardPanel(
      title: "Sockets by state",
      about: """
        All sockets on all hosts. TIME_WAIT by itself is not a problem. established is of the \
        newest full sample.
        """, unit: "short", width: 12, height: 8, kind: .curves(isStacked: true),
      queries: [
        Query(
          expression: #"sum by (state) (state:closewatch_sockets:sum{cluster=~"$cluster"})"#,
          legend: "{{state}}")
      ]),
  ]

  private static let usual = RuleSettings()

  private static let whatRunsOut: [DashboardPanel] = [
    DashboardPanel(
      title: "Descriptors in use",
      about: """
        The ten processes nearest to their limit of open files, of those with stuck \
        sockets. At 100 % accept() and open() fail with EMFILE.
        """, unit: "percentunit", width: 8, height: 8,
      kind: .curves(limit: usual.descriptorShareWarning, most: 1),
      queries: [
        Query(
          expression: """
            topk(10, instance_owner:closewatch_owner_descriptors:ratio{cluster=~"$cluster", \
            owner_name=~"$owner"})
            """, legend: "{{instance}} {{owner_name}}")
      ]),
    DashboardPanel(
      title: "Ephemeral ports in use",
      about: """
        The ten fullest routes: local ports taken from one source address to one \
        destination. At 100 % connect() fails with EADDRNOTAVAIL. Empty while no \
        destination has \(HostSurvey.fewestPorts) ports in use.
        """, unit: "percentunit", width: 8, height: 8,
      kind: .curves(limit: usual.portShareWarning, most: 1),
      queries: [
        Query(
          expression: """
            topk(10, instance_destination:closewatch_ephemeral_ports:ratio{cluster=~"$cluster"})
            """, legend: "{{instance}} to {{destination}}")
      ]),
    DashboardPanel(
      title: "Accept queues",
      about: """
        The ten fullest accept queues. At 100 % the kernel drops new connections.
        """, unit: "percentunit", width: 8, height: 8,
      kind: .curves(limit: AlertRulesText.acceptQueueShare),
      queries: [
        Query(
          expression: """
            topk(10, instance_listen:closewatch_accept_queue:ratio{cluster=~"$cluster", \
            owner_name=~"$owner"})
            """, legend: "{{instance}} {{listen}} {{owner_name}}")
      ]),
  ]

  private static let closewatchItself: [DashboardPanel] = [
    DashboardPanel(
      title: "Stale hosts",
      about: """
        Hosts whose last sample is more than two intervals and two minutes old. Empty is good.
        """, unit: "none", width: 8, height: 8,
      kind: .table(
        [Column(label: "instance", title: "Host"), Column(label: "Value", title: "Last sample")],
        hidden: [], sorted: "Last sample", isDescending: true, valueUnit: "s"),
      queries: [Query(expression: AlertRulesText.staleSamples)]),
    DashboardPanel(
      title: "Blind hosts",
      about: """
        What closewatch could not see in its latest sample, by kind. Empty is good; closewatch \
        doctor on the host says what is missing.
        """, unit: "none", width: 8, height: 8,
      kind: .table(
        [
          Column(label: "instance", title: "Host"), Column(label: "kind", title: "Kind of gap"),
          Column(label: "Value", title: "Count"),
        ], hidden: [], sorted: "Count", isDescending: true, valueUnit: "short"),
      queries: [
        Query(
          expression: #"sum by (instance, kind) (closewatch_gaps{cluster=~"$cluster"}) > 0"#)
      ]),
    DashboardPanel(
      title: "CPU time of closewatch",
      about: "CPU seconds per second: the ten hosts where closewatch uses the most.",
      unit: "percentunit", width: 8,
      height: 8, kind: .curves(),
      queries: [
        Query(
          expression: """
            topk(10, rate(process_cpu_seconds_total{job="closewatch", \
            cluster=~"$cluster"}[$__rate_interval]))
            """, legend: "{{instance}}")
      ]),
  ]
}
