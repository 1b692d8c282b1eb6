// SPDX-License-Identifier: Apache-2.0

/// Everything that can be set, in the order of the file.
package enum SettingCatalog {
  /// A part of the file.
  package struct Section: Sendable {
    package var name: String
    package var about: String
    package var keys: [SettingKey]
  }

  package static let sections: [Section] = [
    Section(
      name: "sampling", about: "How often to look, and what a look may cost.", keys: sampling),
    Section(
      name: "rules",
      about: "The thresholds of the rules. Every default suits an untuned production host.",
      keys: rules),
    Section(
      name: "journal", about: "What is written to the journal, besides the log.", keys: journal),
    Section(
      name: otlpSection,
      about: "Metrics pushed to a collector of OpenTelemetry. Off unless there is an endpoint.",
      keys: otlp),
  ]

  package static var keys: [SettingKey] { sections.flatMap(\.keys) }

  private static let sampling: [SettingKey] = [
    .time(
      "sampling.interval", \.sampling.interval, from: 0.05, to: 3600,
      """
      Time between two looks at every state but ESTABLISHED. 15s: about as often as Prometheus
      scrapes; on a quiet host about 0.05 % of a core.
      """),
    .time(
      "sampling.full-interval", \.sampling.fullInterval, from: 0.05, to: 86_400,
      """
      Time between two looks at everything: ESTABLISHED too, who opened new connections, and
      descriptors on dead sockets. 1m: what only such a look shows has to be seen twice within the
      patience, so half the shortest patience is its maximum. It is taken early when sockets appear
      that are in no table.
      """),
    .time(
      "sampling.fastest-interval", \.sampling.fastestInterval, from: 0.05, to: 3600,
      """
      Time between two looks while CLOSE_WAIT grows by 5 a second or more, for three minutes at
      most. 1s: a leak of 100 a second is judged by a curve and not by two points.
      """),
    .share(
      "sampling.cpu-budget", \.sampling.cpuBudget,
      """
      The share of one core that looking may take. Above it, looks become less frequent (at
      least one in five minutes), and the log says so. 2%: at 100,000 sockets a look costs about
      80 ms.
      """),
    .choice(
      "sampling.source", \.sampling.source,
      """
      Where the socket tables are read. auto: sock_diag, and /proc/net/tcp where the kernel
      refuses it; proc has no ages and no accept queue limits.
      """),
    .onOff(
      "sampling.events", \.sampling.countsConnects,
      """
      Whether the kernel counts connects by process and place, so that who fills a port range or
      TIME_WAIT is known exactly. off: it needs Linux 5.15, a restart, and at the start CAP_BPF
      and CAP_PERFMON, which events.conf among the package's examples gives. On loopback it takes
      0.9 us a connection, of 60 that both ends take: at 30,000 a second, 2.6 % of a core.
      """),
  ]

  private static let journal: [SettingKey] = [
    .flag(
      "journal.enabled", \.journal.isEnabled,
      """
      Whether finding events are written as structured entries (journalctl -t closewatch). They
      are written to standard error otherwise.
      """),
    .count(
      "journal.entries-per-minute", \.journal.entriesPerMinute, 1...10_000,
      """
      The most entries a minute; those above are counted and reported. 60: a host has a handful of
      findings, and each is reported when it begins, doubles and ends.
      """),
    .count(
      "journal.queue-length", \.journal.queueLength, 1...10_000,
      """
      Entries kept while journald is away; beyond that the oldest are dropped. 256: at about 3 kB
      each, under a megabyte.
      """),
  ]
}
