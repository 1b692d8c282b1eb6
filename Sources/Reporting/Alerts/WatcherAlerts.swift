// SPDX-License-Identifier: Apache-2.0

/// The alerts on closewatch itself: no finding means nothing where nobody looks.
enum WatcherAlerts {
  static func all(_ links: AlertLinks) -> [AlertRule] {
    [
      down, absent, stale, failing, blind, forgetful, cutPage, foldedFindings, settings, webConfig,
      journal, backedOff,
    ].map { $0.linked(links) }
  }

  static let reason = """
    closewatch itself. None is critical: no service is harmed by a host that is not watched for a
    night. They are for those who run closewatch (area), not for the owners of services.
    """

  private static func alert(
    _ name: String, _ expression: String, wait: String?, severity: String = "warning",
    why reason: String, summary: String, means: String, act: String
  ) -> AlertRule {
    AlertRule(
      name: "Closewatch" + name, expression: expression, wait: wait, severity: severity,
      area: "closewatch", reason: reason,
      annotations: [
        ("summary", summary), ("description", means), ("action", act),
      ])
  }

  private static let host = AlertTemplate.host
  private static func onHost(_ commands: String) -> String { "On \(host), as root:\n\(commands)" }

  // MARK: Is it there

  private static let down = alert(
    "Down", "up{job=\"closewatch\"} == 0", wait: "5m",
    why: "5m: a reboot or an upgrade is over by then.",
    summary: "closewatch on \(host) does not answer",
    means: "Nothing is known of the sockets of this host. Its findings have gone from view, "
      + "which does not mean that they are over.",
    act: onHost(
      """
        systemctl status closewatch
        journalctl -u closewatch -n 50
      If it runs, something blocks the way: the address it listens on, a firewall, TLS or the \
      password.
        curl -sS http://127.0.0.1:9776/-/healthy
      """))

  private static let absent = alert(
    "Absent", "absent(up{job=\"closewatch\"})", wait: "15m",
    why: "15m: service discovery that is reloaded or late has caught up by then.",
    summary: "Prometheus has no closewatch target at all",
    means: "The job closewatch has no targets: no alert about sockets can fire for any host.",
    act: """
      On the Prometheus server: the page /targets, the scrape job named closewatch, and what its
      service discovery finds. The alerts expect this name of the job.
      """)

  // MARK: Does it look

  /// Wider than ``Diagnosis/Freshness``, for the clock is that of another host.
  static let staleSamples = """
    time() - closewatch_last_sample_timestamp_seconds
    > 120 + 2 * closewatch_sample_interval_seconds
    """

  private static let stale = alert(
    "SampleStale", staleSamples,
    wait: "3m",
    why: """
      Two samples late, and two minutes for clocks that differ and for a slow host. 3m: the
      watchdog of systemd restarts a daemon that is stuck; that gets its chance first.
      """,
    summary: "closewatch on \(host) has not looked for {{ $value | \(AlertTemplate.duration) }}",
    means: "The page is served, but its numbers are old: sampling is stuck or fails. A clock "
      + "that is wrong looks the same.",
    act: onHost(
      """
        journalctl -u closewatch -n 50
        timedatectl
        systemctl restart closewatch
      """))

  private static let failing = alert(
    "SampleFailing", "increase(closewatch_sample_failures_total[15m]) > 3", wait: nil,
    why: "More than 3 in 15m: one can be a kernel that was short of memory for a moment.",
    summary: "closewatch on \(host) can't read the socket tables",
    means: "Its samples fail, so its numbers are those of the last one that succeeded.",
    act: onHost(
      """
        journalctl -u closewatch -n 50
        closewatch doctor
      """))

  private static let blind = alert(
    "Blind",
    "closewatch_gaps{kind!~\"dump-interrupted|runtime-unread|connects-.*\"} > 0",
    wait: "30m",
    why: """
      30m: what lasts is a missing right or mount, what comes and goes is a process that ended
      mid-look. dump-interrupted is left out: a busy table changes while it is read, and the next
      look repairs it. So are runtime-unread, connects-uncounted and connects-lost: advice and
      openers are less exact then, and nothing is missed.
      """,
    summary: "closewatch on \(host) does not see everything: {{ $labels.kind }} "
      + "({{ $value | printf \"%.0f\" }})",
    means: "For 30 minutes something could not be read. Leaks in it are not found, and owners can "
      + "be missing in the findings there are.",
    act: onHost(
      """
        closewatch doctor
      It says which capability, mount or setting is missing, and how to give it.
      """))

  // MARK: Is all of it here

  private static let forgetful = alert(
    "ConnectionsNotRemembered", "closewatch_connections_not_remembered > 0", wait: "15m",
    why: "15m: a burst of short connections is gone by then.",
    summary: "\(host) has more connections than closewatch remembers",
    means: "{{ $value | printf \"%.0f\" }} sockets are left out of the judgement: a leak among "
      + "them is not found.",
    act: "Raise rules.connection-limit in closewatch.yaml, and MemoryMax of the unit with it "
      + "(some 150 bytes each), then restart closewatch.")

  private static let cutPage = alert(
    "SeriesOmitted", "closewatch_series_omitted > 0", wait: "15m",
    why: "15m: longer than one page that was cut by chance.",
    summary: "The metrics page of closewatch on \(host) is cut short",
    means: "{{ $value | printf \"%.0f\" }} series are left out because of the page's bound: sums "
      + "over it are too low.",
    act: onHost(
      """
        closewatch triage
      It has no such limit. Please report it: the bounds of owners, findings and listeners
      are chosen so that this does not happen.
      """))

  private static let foldedFindings = alert(
    "FindingsFolded", "closewatch_findings_folded > 0", wait: "15m",
    why: "15m: findings come in waves when one cause breaks many programs; most merge soon.",
    summary: "\(host) has more findings than closewatch shows one by one",
    means: "{{ $value | printf \"%.0f\" }} findings have no series, and so no alert, of their own. "
      + "closewatch_findings_firing counts them.",
    act: onHost("  closewatch triage"))

  // MARK: Is it as it was set up

  private static let settings = alert(
    "SettingsRefused", "closewatch_settings_last_reload_successful == 0", wait: "10m",
    why: "10m: time for the one who is editing to notice.",
    summary: "closewatch on \(host) runs with old settings: the new file is refused",
    means: "The latest closewatch.yaml has an error. The settings before it are in force until the "
      + "next start, which will then fail.",
    act: onHost("  closewatch check-settings\nIt names file, line and key."))

  private static let webConfig = alert(
    "WebConfigRefused", "closewatch_web_config_last_read_successful == 0", wait: "10m",
    why: "10m: as above.",
    summary: "closewatch on \(host) runs with an old web.config.file: the new one is refused",
    means: "Certificates and passwords of the file before it are in force. A certificate that "
      + "was to be renewed will run out.",
    act: onHost("  journalctl -u closewatch -n 50\nIt names file, line and key."))

  private static let journal = alert(
    "JournalEntriesLost", "increase(closewatch_journal_entries_total{outcome=\"lost\"}[1h]) > 0",
    wait: nil, severity: "notice",
    why: "A notice: the findings are on the metrics page all the same.",
    summary: "closewatch on \(host) has lost entries for the journal",
    means: "journald was away for longer than the queue lasts. The history of findings on this "
      + "host has a gap.",
    act: onHost("  systemctl status systemd-journald"))

  private static let backedOff = alert(
    "BackedOff", "closewatch_sample_interval_backed_off == 1", wait: "1h", severity: "notice",
    why: "1h: a busy hour of the host is no reason. A notice: it is what the budget is for.",
    summary: "closewatch on \(host) looks less often than configured",
    means: "A look costs more than sampling.cpu-budget allows, so it looks less often. Leaks are "
      + "confirmed later.",
    act: "See closewatch_sample_cpu_seconds and closewatch_sockets of \(host). Raise "
      + "sampling.cpu-budget there if that is acceptable.")
}

extension AlertRule {
  /// With the links of an alert on closewatch itself.
  fileprivate func linked(_ links: AlertLinks) -> AlertRule {
    var linked = self
    // Without a target there is no host.
    let isOfHost = !expression.hasPrefix("absent(")
    linked.annotations += [
      ("runbook_url", links.watcherRunbook(name)),
      ("dashboard_url", isOfHost ? links.hostDashboard : links.fleetDashboard),
    ]
    return linked
  }
}
