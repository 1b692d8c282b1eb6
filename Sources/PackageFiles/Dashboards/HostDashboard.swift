// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Reporting

/// What deploy/grafana/closewatch-host.json shows.
enum HostDashboard {
  private typealias Query = DashboardPanel.Query
  private typealias Step = DashboardPanel.Step
  private typealias Column = DashboardPanel.Column
  private static let details = MetricCatalog.findingDetails.joined(separator: ", ")

  static let board = Dashboard(
    name: "host",
    about: """
      One host: its findings, its sockets over time, what runs out, and what \
      closewatch itself costs there. Needs the recording rules of \
      closewatch.rules.yml.
      """, other: "fleet", isOfOneHost: true,
    selector: #"instance="$instance", owner_name=~"$owner""#,
    rows: [
      Dashboard.Row(title: "Now", panels: now), Dashboard.Row(title: "Findings", panels: findings),
      Dashboard.Row(title: "Sockets", panels: sockets),
      Dashboard.Row(title: "What runs out", panels: whatRunsOut),
      Dashboard.Row(title: "closewatch itself", panels: closewatchItself),
    ])

  private static let now: [DashboardPanel] = [
    DashboardPanel(
      title: "Answers", about: "Whether closewatch answered the latest scrape.", unit: "none",
      width: 4, height: 4,
      kind: .number(
        none: "unknown", steps: [Step(colour: "red", from: nil), Step(colour: "green", from: 1)],
        isAnswer: true),
      queries: [
        Query(
          expression: #"up{job="closewatch", instance="$instance"}"#)
      ]),
    DashboardPanel(
      title: "Last sample", about: "How old the numbers on this page are.", unit: "s", width: 4,
      height: 4,
      kind: .number(
        none: "never",
        steps: [
          Step(colour: "green", from: nil), Step(colour: "orange", from: 120),
          Step(colour: "red", from: 300),
        ]),
      queries: [
        Query(
          expression: #"time() - closewatch_last_sample_timestamp_seconds{instance="$instance"}"#)
      ]),
    DashboardPanel(
      title: "Critical findings", about: "Confirmed, and something runs out within the hour.",
      unit: "none", width: 4, height: 4,
      kind: .number(
        none: "0", steps: [Step(colour: "green", from: nil), Step(colour: "red", from: 1)]),
      queries: [
        Query(
          expression: """
            sum(closewatch_findings_firing{instance="$instance", severity="critical"})
            """)
      ]),
    DashboardPanel(
      title: "Suspicions", about: "Findings that are not confirmed yet.", unit: "none", width: 4,
      height: 4, kind: .number(none: "0", steps: [Step(colour: "green", from: nil)]),
      queries: [
        Query(
          expression: #"sum(closewatch_findings_pending{instance="$instance"})"#)
      ]),
    DashboardPanel(
      title: "Stuck sockets",
      about: """
        Sockets closed by one side only, without a byte for the patience of the rules (2 \
        minutes by default).
        """, unit: "none", width: 4, height: 4,
      kind: .number(none: "0", steps: [Step(colour: "green", from: nil)]),
      queries: [
        Query(
          expression: """
            instance:closewatch_owner_stuck_sockets:sum{instance="$instance"} or vector(0)
            """)
      ]),
    DashboardPanel(
      title: "First to run out",
      about: """
        The shortest time until something runs out, at the present rate. Empty when \
        nothing does.
        """, unit: "s", width: 4, height: 4,
      kind: .number(
        none: "nothing",
        steps: [
          Step(colour: "red", from: nil), Step(colour: "orange", from: 3600),
          Step(colour: "green", from: 604800),
        ]),
      queries: [
        Query(
          expression: #"min(closewatch_finding_exhaustion_seconds{instance="$instance"})"#)
      ]),
  ]

  private static let findings: [DashboardPanel] = [
    DashboardPanel(
      title: "Findings",
      about: """
        Pending and firing findings with the number of their sockets. closewatch explain \
        RULE says what to do; closewatch triage on the host names the processes.
        """, unit: "none", width: 24, height: 8,
      kind: .table(
        [
          Column(label: "severity", title: "Severity"),
          Column(label: "lifecycle", title: "Lifecycle"),
          Column(label: "owner_kind", title: "Kind"), Column(label: "owner_name", title: "Owner"),
          Column(label: "rule", title: "Rule"), Column(label: "cause", title: "Cause"),
          Column(label: "root", title: "Root"), Column(label: "because_of", title: "Because of"),
          Column(label: "local_port", title: "Port"),
          Column(label: "netns", title: "Network namespace"),
          Column(label: "finding", title: "Finding"), Column(label: "Value", title: "Sockets"),
        ], hidden: ["instance"], sorted: "Sockets", isDescending: true, valueUnit: "none"),
      queries: [
        Query(
          expression: """
            closewatch_finding_sockets{instance="$instance"} * ignoring (\(details)) \
            group_right () closewatch_finding{instance="$instance", \
            severity=~"$severity", owner_name=~"$owner"}
            """)
      ]),
    DashboardPanel(
      title: "Sockets of the findings", about: "How each finding grows or shrinks.", unit: "short",
      width: 8, height: 8, kind: .curves(),
      queries: [
        Query(
          expression: #"closewatch_finding_sockets{instance="$instance"}"#,
          legend: "{{rule}} {{owner_name}}")
      ]),
    DashboardPanel(
      title: "Growth of the findings",
      about: "Sockets that become stuck each second. Missing while it is not known.", unit: "cps",
      width: 8, height: 8, kind: .curves(),
      queries: [
        Query(
          expression: #"closewatch_finding_growth_sockets_per_second{instance="$instance"}"#,
          legend: "{{rule}} {{owner_name}}")
      ]),
    DashboardPanel(
      title: "Time to exhaustion",
      about: "Until the resource of a finding runs out, at the rate of that moment.", unit: "s",
      width: 8, height: 8, kind: .curves(),
      queries: [
        Query(
          expression: #"closewatch_finding_exhaustion_seconds{instance="$instance"}"#,
          legend: "{{owner_name}}: {{resource}}")
      ]),
  ]

  private static let sockets: [DashboardPanel] = [
    DashboardPanel(
      title: "Sockets by state",
      about: """
        All sockets of all network namespaces. established is of the newest full sample.
        """, unit: "short", width: 12, height: 8, kind: .curves(isStacked: true),
      queries: [
        Query(
          expression: #"instance_state:closewatch_sockets:sum{instance="$instance"}"#,
          legend: "{{state}}")
      ]),
    DashboardPanel(
      title: "Stuck sockets by owner",
      about: """
        Units, containers and programs with stuck sockets. kernel: no process holds \
        them. rest: the sum of those beyond the bound.
        """, unit: "short", width: 12, height: 8, kind: .curves(isStacked: true),
      queries: [
        Query(
          expression: #"instance_owner:closewatch_owner_stuck_sockets:sum{instance="$instance"}"#,
          legend: "{{owner_kind}} {{owner_name}}")
      ]),
    DashboardPanel(
      title: "Sockets by owner",
      about: """
        Connections and listeners of the owners with the most of them. established is of the \
        newest full sample.
        """, unit: "short", width: 12, height: 8, kind: .curves(isStacked: true),
      queries: [
        Query(
          expression: """
            sum by (owner_kind, owner_name) (closewatch_owner_sockets{instance="$instance"})
            """, legend: "{{owner_kind}} {{owner_name}}")
      ]),
    DashboardPanel(
      title: "Descriptors on dead connections",
      about: """
        Descriptors whose TCP connection is in no table any more: ss and netstat do not \
        show these.
        """, unit: "short", width: 12, height: 8, kind: .curves(),
      queries: [
        Query(
          expression: #"closewatch_owner_dead_descriptors{instance="$instance"}"#,
          legend: "{{owner_name}}")
      ]),
    DashboardPanel(
      title: "Sockets by kind of namespace",
      about: """
        closewatch's own network namespace, those with a name, and others (containers).
        """, unit: "short", width: 12, height: 8, kind: .curves(isStacked: true),
      queries: [
        Query(
          expression: #"sum by (netns_class) (closewatch_sockets{instance="$instance"})"#,
          legend: "{{netns_class}}")
      ]),
    DashboardPanel(
      title: "Not accepted yet",
      about: "Connections that no accept() has taken, by kind of network namespace.", unit: "short",
      width: 12, height: 8, kind: .curves(),
      queries: [
        Query(
          expression: #"closewatch_unaccepted_sockets{instance="$instance"}"#,
          legend: "{{netns_class}}")
      ]),
  ]

  private static let whatRunsOut: [DashboardPanel] = [
    DashboardPanel(
      title: "Descriptors",
      about: """
        Open descriptors and the soft limit, of the process of each owner that is \
        nearest to it. Owners with stuck sockets only.
        """, unit: "short", width: 12, height: 8, kind: .curves(),
      queries: [
        Query(
          expression: #"closewatch_owner_open_descriptors{instance="$instance"}"#,
          legend: "{{owner_name}}"),
        Query(
          expression: #"closewatch_owner_descriptor_limit{instance="$instance"}"#,
          legend: "{{owner_name}}: limit"),
      ]),
    DashboardPanel(
      title: "Accept queues",
      about: """
        How full the accept queues are, the fullest listeners. At 100 % the kernel \
        drops new connections.
        """, unit: "percentunit", width: 12, height: 8,
      kind: .curves(limit: AlertRulesText.acceptQueueShare),
      queries: [
        Query(
          expression: #"instance_listen:closewatch_accept_queue:ratio{instance="$instance"}"#,
          legend: "{{listen}} {{owner_name}}")
      ]),
    DashboardPanel(
      title: "Ephemeral ports",
      about: """
        Local ports taken to one destination, as a share of those there are. Empty while \
        no destination has \(HostSurvey.fewestPorts) ports in use.
        """, unit: "percentunit", width: 12, height: 8,
      kind: .curves(limit: RuleSettings().portShareWarning, most: 1),
      queries: [
        Query(
          expression: """
            instance_destination:closewatch_ephemeral_ports:ratio{instance="$instance"}
            """, legend: "{{source}} to {{destination}}")
      ]),
    DashboardPanel(
      title: "Orphans and TCP memory",
      about: """
        As a share of the host's limits. From half of tcp_max_orphans on the kernel ends \
        orphans early.
        """, unit: "percentunit", width: 12, height: 8,
      kind: .curves(limit: RuleSettings().orphanShareWarning),
      queries: [
        Query(
          expression: """
            closewatch_kernel_orphan_sockets{instance="$instance"} / \
            closewatch_kernel_orphan_limit{instance="$instance"}
            """, legend: "orphans"),
        Query(
          expression: """
            closewatch_kernel_tcp_memory_pages{instance="$instance"} / \
            closewatch_kernel_tcp_memory_limit_pages{instance="$instance"}
            """, legend: "TCP memory"),
      ]),
    DashboardPanel(
      title: "TIME_WAIT",
      about: """
        Sockets in TIME_WAIT by network namespace, as a share of tcp_max_tw_buckets. A high number \
        is not a problem by itself.
        """, unit: "percentunit", width: 12, height: 8, kind: .curves(),
      queries: [
        Query(
          expression: """
            closewatch_kernel_time_wait_sockets{instance="$instance"} / \
            closewatch_kernel_time_wait_limit{instance="$instance"}
            """, legend: "{{netns}}")
      ]),
    DashboardPanel(
      title: "Dropped by the kernel",
      about: """
        Events a second: accept queues that were full, connections dropped at listeners, \
        TIME_WAIT skipped, connections aborted for memory or silence.
        """, unit: "cps", width: 12, height: 8, kind: .curves(),
      queries: [
        rate("listen_overflows", "accept queue full"),
        rate("listen_drops", "dropped at a listener"),
        rate("request_queue_full_drops", "SYN queue full"),
        rate("time_wait_overflows", "TIME_WAIT skipped"),
        rate("aborts_on_memory", "aborted for memory"),
        rate("aborts_on_timeout", "aborted for silence"),
      ]),
  ]

  private static let closewatchItself: [DashboardPanel] = [
    DashboardPanel(
      title: "CPU time",
      about: "Share of one core: the process, and the turns of the sampler in it.",
      unit: "percentunit", width: 8, height: 8, kind: .curves(),
      queries: [
        Query(
          expression: """
            rate(process_cpu_seconds_total{job="closewatch", \
            instance="$instance"}[$__rate_interval])
            """, legend: "process"),
        Query(
          expression: """
            rate(closewatch_turns_cpu_seconds_total{instance="$instance"}[$__rate_interval])
            """, legend: "turns"),
      ]),
    DashboardPanel(
      title: "Memory", about: "Resident memory of closewatch.", unit: "bytes", width: 8, height: 8,
      kind: .curves(),
      queries: [
        Query(
          expression: #"process_resident_memory_bytes{job="closewatch", instance="$instance"}"#,
          legend: "resident")
      ]),
    DashboardPanel(
      title: "Time of a look",
      about: """
        How long the latest sample and the latest turn took, and how far apart samples are.
        """, unit: "s", width: 8, height: 8, kind: .curves(),
      queries: [
        Query(
          expression: #"closewatch_sample_duration_seconds{instance="$instance"}"#, legend: "sample"
        ),
        Query(
          expression: #"closewatch_turn_duration_seconds{instance="$instance"}"#, legend: "turn"),
        Query(
          expression: #"closewatch_sample_interval_seconds{instance="$instance"}"#,
          legend: "interval"),
      ]),
    DashboardPanel(
      title: "Gaps",
      about: """
        What the latest sample could not see, by kind. 0 is good; closewatch doctor says what is \
        missing.
        """, unit: "short", width: 8, height: 8, kind: .curves(),
      queries: [
        Query(
          expression: """
            closewatch_gaps{instance="$instance"} > 0 or sum without (kind) \
            (closewatch_gaps{instance="$instance"}) == 0
            """, legend: "{{kind}}")
      ]),
    DashboardPanel(
      title: "Connections remembered",
      about: """
        How many connections closewatch remembers, and how many are left out because of its bound.
        """, unit: "short", width: 8, height: 8, kind: .curves(),
      queries: [
        Query(
          expression: #"closewatch_connections_remembered{instance="$instance"}"#,
          legend: "remembered"),
        Query(
          expression: #"closewatch_connections_not_remembered{instance="$instance"}"#,
          legend: "not remembered"),
      ]),
    DashboardPanel(
      title: "Scrapes",
      about: #"How long a scrape of this host takes; Prometheus gives it ten seconds."#, unit: "s",
      width: 8, height: 8, kind: .curves(),
      queries: [
        Query(
          expression: #"scrape_duration_seconds{job="closewatch", instance="$instance"}"#,
          legend: "duration")
      ]),
  ]

  /// Events a second of a counter of the kernel.
  private static func rate(_ counter: String, _ legend: String) -> Query {
    let series = #"closewatch_kernel_\#(counter)_total{instance="$instance"}"#
    return Query(expression: "sum(rate(\(series)[$__rate_interval]))", legend: legend)
  }
}
