// SPDX-License-Identifier: Apache-2.0

/// The metrics of owners and findings.
///
/// The labels are `owner_kind` and `owner_name`, never `owner`: a target label of that name is
/// common, and Prometheus would rename ours.
extension MetricCatalog {
  // MARK: Owners

  static let ownerStuck = MetricFamily(
    "closewatch_owner_stuck_sockets", .gauge, labels: ownerLabels + ["state"],
    help: "Sockets closed by one side only, without a byte for the patience, by what owns them: "
      + "systemd unit, container or program, never a process id. A state that it has none in has "
      + "no series. The owners with the most; the "
      + "others are summed up under owner_kind rest, and those without a process under kernel. "
      + "\(fromSample)")
  static let ownerOldest = MetricFamily(
    "closewatch_owner_oldest_stuck_timestamp_seconds", .gauge, unit: "seconds",
    labels: ownerLabels,
    help: "When the oldest stuck socket entered its state, at the latest: it can be older when "
      + "the kernel does not tell. Seconds since 1970. \(fromSample)")
  static let ownerDead = MetricFamily(
    "closewatch_owner_dead_descriptors", .gauge, labels: ownerLabels,
    help: "Descriptors on TCP sockets that are in no table: the connection died and nobody closed "
      + "them. netstat and ss do not show these. \(fromSample)")
  static let ownerDescriptors = MetricFamily(
    "closewatch_owner_open_descriptors", .gauge, labels: ownerLabels,
    help: "Open descriptors of the owner's process that is nearest to its limit. \(fromSample)")
  static let ownerDescriptorLimit = MetricFamily(
    "closewatch_owner_descriptor_limit", .gauge, labels: ownerLabels,
    help: "The soft RLIMIT_NOFILE of that process. Missing when unlimited. \(fromSample)")
  static let ownersFolded = MetricFamily(
    "closewatch_owners_folded", .gauge,
    help: "Owners with fewer stuck and dead sockets, summed up under owner_kind rest. \(fromSample)"
  )

  static let ownerSockets = MetricFamily(
    "closewatch_owner_sockets", .gauge, labels: ownerLabels + ["state"],
    help: "TCP sockets by state and by what owns them: systemd unit, container or program. A "
      + "state that it has none in has no series. The owners with the most; the others are summed "
      + "up under owner_kind rest, and those without a process under kernel. established is of the "
      + "newest full sample. \(fromSample)")
  static let ownerSocketsFolded = MetricFamily(
    "closewatch_owner_sockets_folded", .gauge,
    help: "Owners with fewer sockets that are summed up under owner_kind rest in "
      + "closewatch_owner_sockets. \(fromSample)")

  static let owner = MetricFamily(
    "closewatch_owner", .info,
    labels: ownerLabels + [
      "container_id", "container_name", "pod_name", "pod_namespace", "pod_uid", "qos_class",
    ],
    help: "Which container, and which pod of Kubernetes, an owner of kind container is; empty "
      + "where nobody says. Only owners that have another series. Join on owner_name. "
      + "\(fromSample)")

  static let owners = [
    owner,
    ownerSockets, ownerSocketsFolded, ownerStuck, ownerOldest, ownerDead, ownerDescriptors,
    ownerDescriptorLimit, ownersFolded,
  ]

  // MARK: Findings

  static let findingsFiring = MetricFamily(
    "closewatch_findings_firing", .gauge, labels: ["rule", "severity"],
    help: "Confirmed findings by rule, without those that follow from another one or are "
      + "accepted; `closewatch "
      + "explain RULE` says what to do. \(fromSample)")
  static let findingsAccepted = MetricFamily(
    "closewatch_findings_accepted", .gauge, labels: ["rule"],
    help: "Confirmed findings that rules.accept says are known, by rule. \(fromSample)")
  static let findingsPending = MetricFamily(
    "closewatch_findings_pending", .gauge, labels: ["rule"],
    help: "Suspicions that are not confirmed yet, by rule. \(fromSample)")
  static let finding = MetricFamily(
    "closewatch_finding", .gauge,
    labels: findingLabels + findingDetails,
    help: "1 for each finding that is pending or firing, the worst first up to a bound. "
      + "because_of is the finding that it follows from, if any. accepted is in-force while "
      + "rules.accept says that it is known, else empty. "
      + fromSample)
  static let findingSockets = MetricFamily(
    "closewatch_finding_sockets", .gauge, labels: findingLabels,
    help: "Sockets (or descriptors) of the finding. \(fromSample)")
  static let findingGrowth = MetricFamily(
    "closewatch_finding_growth_sockets_per_second", .gauge, labels: findingLabels,
    help: "How fast their number grows. Missing while it is not known. \(fromSample)")
  static let findingOldest = MetricFamily(
    "closewatch_finding_oldest_timestamp_seconds", .gauge, unit: "seconds", labels: findingLabels,
    help: "When its oldest socket entered its state, at the latest; seconds since 1970. "
      + fromSample)
  static let findingSince = MetricFamily(
    "closewatch_finding_firing_since_timestamp_seconds", .gauge, unit: "seconds",
    labels: findingLabels, help: "When it began to fire; seconds since 1970. \(fromSample)")
  static let findingForecast = MetricFamily(
    "closewatch_finding_exhaustion_seconds", .gauge, unit: "seconds",
    labels: findingLabels + ["resource"],
    help: "Time until the resource runs out at the present rate, counted from the last sample. "
      + "Missing when it does not. \(fromSample)")
  static let findingUsed = MetricFamily(
    "closewatch_finding_resource_used", .gauge, labels: findingLabels + ["resource"],
    help: "How much of the resource that runs out is in use. \(fromSample)")
  static let findingLimit = MetricFamily(
    "closewatch_finding_resource_limit", .gauge, labels: findingLabels + ["resource"],
    help: "The limit of the resource that runs out. \(fromSample)")
  static let findingEnded = MetricFamily(
    "closewatch_finding_ended_timestamp_seconds", .gauge, unit: "seconds",
    labels: findingLabels + ["how"],
    help: "When a finding of the last hour ended; seconds since 1970. how: closed (its sockets "
      + "went one by one), exited (with their process), used (they carry data again), continued "
      + "(another finding covers them), subsided (no longer true). \(fromSample)")
  static let findingEnds = MetricFamily(
    "closewatch_finding_ends", .counter, labels: ["how"],
    help: "Findings that have ended since the start, by how, as in "
      + "closewatch_finding_ended_timestamp_seconds. \(fromSample)")
  static let findingEvents = MetricFamily(
    "closewatch_finding_events", .counter, labels: ["event"],
    help: "Events of findings since the start: firing, worsened (twice as many, or more severe), "
      + "resolved. \(fromSample)")
  static let findingsFolded = MetricFamily(
    "closewatch_findings_folded", .gauge,
    help: "Findings that have no closewatch_finding of their own, because of its bound or because "
      + "they were left out. \(fromSample)")
  static let findingsLeftOut = MetricFamily(
    "closewatch_findings_left_out", .gauge, labels: ["severity"],
    help: "Findings that count nowhere else: there were too many, and all others are as bad or "
      + "worse. \(fromSample)")

  private static let ownerLabels = ["owner_kind", "owner_name"]
  private static let findingLabels = ["finding", "rule"] + ownerLabels
  /// What `closewatch_finding` has beside the labels that all series of a finding share: what a
  /// query ignores to put it beside one of them.
  package static let findingDetails = [
    "cause", "severity", "lifecycle", "netns", "local_port", "because_of", "root", "accepted",
  ]

  static let findings = [
    findingsFiring, findingsAccepted, findingsPending, finding, findingSockets, findingGrowth,
    findingOldest,
    findingSince, findingForecast, findingUsed, findingLimit, findingEnded, findingEnds,
    findingsFolded, findingsLeftOut, findingEvents,
  ]
}
