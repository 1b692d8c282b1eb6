// SPDX-License-Identifier: Apache-2.0

/// Every metric of closewatch, in the order of the page: closewatch itself first, so that a page
/// that hits its bound still says how the sampler does.
package enum MetricCatalog {
  /// All of them.
  package static let all: [MetricFamily] = own + process + sockets + owners + findings + kernel

  /// Said of every number that is not closewatch's own.
  static let fromSample =
    "From the last sample: a scrape never triggers one (see \(lastLook.sampleName))."

  // MARK: closewatch itself

  static let build = MetricFamily(
    "closewatch_build", .info, labels: ["version"], help: "The running closewatch. Always 1.")
  static let lastLook = MetricFamily(
    "closewatch_last_sample_timestamp_seconds", .gauge, unit: "seconds",
    help: "When the latest sample of the socket tables was taken, in seconds since 1970. Answers "
      + "come from it; a scrape never triggers one.")
  static let lastFullLook = MetricFamily(
    "closewatch_last_full_sample_timestamp_seconds", .gauge, unit: "seconds",
    help: "When the latest sample that read ESTABLISHED sockets too was taken, in seconds since "
      + "1970. Cheap samples leave them out.")
  static let lookSeconds = MetricFamily(
    "closewatch_sample_duration_seconds", .gauge, unit: "seconds",
    help: "How long the latest sample took on the clock.")
  static let lookCPU = MetricFamily(
    "closewatch_sample_cpu_seconds", .gauge, unit: "seconds",
    help: "CPU time of the latest sample.")
  static let turnSeconds = MetricFamily(
    "closewatch_turn_duration_seconds", .gauge, unit: "seconds",
    help: "How long the latest turn took on the clock: sample, search for holders, judgement.")
  static let turnCPU = MetricFamily(
    "closewatch_turns_cpu_seconds", .counter, unit: "seconds",
    help: "CPU time of all turns since the start.")
  static let looks = MetricFamily(
    "closewatch_samples", .counter, labels: ["kind"],
    help: "Samples taken since the start. cheap: without ESTABLISHED sockets; full: all.")
  static let failedLooks = MetricFamily(
    "closewatch_sample_failures", .counter,
    help: "Samples that failed as a whole. All numbers are then those of the last one that "
      + "succeeded.")
  static let lateTurns = MetricFamily(
    "closewatch_late_turns", .counter,
    help: "Turns that began more than an interval late: a stopped process, a stuck system call.")
  static let interval = MetricFamily(
    "closewatch_sample_interval_seconds", .gauge, unit: "seconds",
    help: "Time between samples now.")
  static let backedOff = MetricFamily(
    "closewatch_sample_interval_backed_off", .gauge,
    help: "1 while the interval is longer than set, because a turn costs more than its budget.")
  static let gaps = MetricFamily(
    "closewatch_gaps", .gauge, labels: ["kind"],
    help: "What the latest sample could not see, by kind: processes, namespaces, rows. Verdicts "
      + "are weaker while one is above 0. \(fromSample)")
  static let remembered = MetricFamily(
    "closewatch_connections_remembered", .gauge,
    help: "Connections in closewatch's memory. \(fromSample)")
  static let forgotten = MetricFamily(
    "closewatch_connections_not_remembered", .gauge,
    help: "Sockets left out of the judgement because the memory's bound was reached. \(fromSample)")
  static let settingsGood = MetricFamily(
    "closewatch_settings_last_reload_successful", .gauge,
    help: "0 when the latest settings file was refused: the settings before it are in force.")
  static let settingsTime = MetricFamily(
    "closewatch_settings_loaded_timestamp_seconds", .gauge, unit: "seconds",
    help: "When the settings in force were read, in seconds since 1970.")
  static let webConfigGood = MetricFamily(
    "closewatch_web_config_last_read_successful", .gauge,
    help: "0 when the latest web.config.file was refused: the one before it is in force.")
  static let journal = MetricFamily(
    "closewatch_journal_entries", .counter, labels: ["outcome"],
    help: "Entries for the journal since the start: written, lost (journald away for too long), "
      + "suppressed (over the bound per minute).")
  static let journalQueue = MetricFamily(
    "closewatch_journal_entries_queued", .gauge,
    help: "Entries that wait for journald to come back.")
  static let webConnections = MetricFamily(
    "closewatch_web_connections", .gauge, help: "Open connections to this endpoint.")
  static let webConnectionLimit = MetricFamily(
    "closewatch_web_connection_limit", .gauge,
    help: "Connections that are accepted at once; more wait in the backlog.")
  static let webTimeouts = MetricFamily(
    "closewatch_web_timeouts", .counter, labels: ["limit"],
    help: "Connections closed for slowness: request (not complete in time), idle, response (not "
      + "taken in time).")
  static let pushes = MetricFamily(
    "closewatch_otlp_pushes", .counter, labels: ["outcome"],
    help: "Pushes to the collector of otlp.endpoint since the start: accepted, refused (it did not "
      + "want them), failed (it was out of reach or too slow, or asked to wait).")
  static let pushRejections = MetricFamily(
    "closewatch_otlp_rejected_points", .counter,
    help: "Data points that the collector left out of pushes that it accepted.")
  static let lastPush = MetricFamily(
    "closewatch_otlp_last_accepted_timestamp_seconds", .gauge, unit: "seconds",
    help: "When the collector last accepted a push, in seconds since 1970.")
  static let series = MetricFamily(
    "closewatch_series", .gauge, help: "Series on this page before this one.")
  static let seriesLimit = MetricFamily(
    "closewatch_series_limit", .gauge, help: "The bound of series on this page.")
  static let seriesOmitted = MetricFamily(
    "closewatch_series_omitted", .gauge,
    help: "Series left out of this page because of its bound. Above 0, sums over it are too low.")

  private static let own = [
    build, lastLook, lastFullLook, lookSeconds, lookCPU, turnSeconds, turnCPU, looks, failedLooks,
    lateTurns, interval, backedOff, gaps, remembered, forgotten, settingsGood, settingsTime,
    webConfigGood, journal, journalQueue, webConnections, webConnectionLimit, webTimeouts, pushes,
    pushRejections, lastPush, series, seriesLimit, seriesOmitted,
  ]

  // MARK: Its process

  static let processCPU = MetricFamily(
    "process_cpu_seconds", .counter, unit: "seconds",
    help: "CPU time of closewatch, user and system, at the time of the scrape.")
  static let processResident = MetricFamily(
    "process_resident_memory_bytes", .gauge, unit: "bytes",
    help: "Resident memory of closewatch, at the time of the scrape.")
  static let processVirtual = MetricFamily(
    "process_virtual_memory_bytes", .gauge, unit: "bytes",
    help: "Virtual memory of closewatch, at the time of the scrape.")
  static let processDescriptors = MetricFamily(
    "process_open_fds", .gauge,
    help: "Open descriptors of closewatch, at the time of the scrape.")
  static let processDescriptorLimit = MetricFamily(
    "process_max_fds", .gauge, help: "The soft limit of closewatch's descriptors.")
  static let processStart = MetricFamily(
    "process_start_time_seconds", .gauge, unit: "seconds",
    help: "When closewatch started, in seconds since 1970.")

  private static let process = [
    processCPU, processResident, processVirtual, processDescriptors, processDescriptorLimit,
    processStart,
  ]
}
