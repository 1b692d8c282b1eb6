// SPDX-License-Identifier: Apache-2.0

/// `look.txt`: clocks, states asked for, cost, host counters, and how many rows the tables beside
/// it have, so that a table that lost lines is noticed.
package struct RecordedSummary: Hashable, Sendable {
  package var takenAt = BootInstant(nanoseconds: 0)
  package var wallClockSeconds = 0.0
  package var states = StateSet.all
  package var cost = SampleCost()
  package var host = HostCounters()
  package var descriptorsInFlight: Int? = 0
  package var isComplete = false
  package var namespaces = 0
  package var sockets = 0
  package var holders = 0
  package var deadSockets = 0
  package var processes = 0
  package var gaps = 0
  package var caught = 0
  package var leftOut = 0
  package var connects = 0
  package var connectTally = ConnectTally()

  package init() {}

  package init(of look: RecordedSample) {
    takenAt = look.sample.takenAt
    wallClockSeconds = look.sample.wallClockSeconds
    states = look.sample.states
    cost = look.sample.cost
    host = look.sample.host
    descriptorsInFlight = look.report.descriptorsInFlight
    isComplete = look.report.isComplete
    namespaces = look.sample.namespaces.count
    sockets = look.sample.sockets.count
    holders = look.report.holders.count
    deadSockets = look.report.deadSockets.count
    processes = look.report.processes.count
    gaps = look.sample.gaps.count + look.report.gaps.count
    caught = look.report.caught.count
    leftOut = look.sample.leftOut.count
    connects = look.sample.connects.count
    connectTally = look.sample.connectTally
  }

  /// A clock may stand at 146 years after boot at most: differences of two never overflow.
  package static let latestNanoseconds: Int64 = 1 << 62
  /// The end of the year 9999: every calendar can show it.
  package static let latestWallClockSeconds = 253_402_300_799.0
  /// A cost of a look, in milliseconds.
  package static let longestMilliseconds = 1e12

  package static let table = RecordTable<RecordedSummary>(
    "look.txt", empty: RecordedSummary(),
    columns: [
      RecordColumn("boot_clock_ns") { row, writer in
        writer.number(row.takenAt.nanoseconds)
      } read: { cell, row throws(CellError) in
        row.takenAt = BootInstant(nanoseconds: try cell.number(in: 0...latestNanoseconds))
      },
      .fraction("wall_clock_seconds", \.wallClockSeconds, in: 0...latestWallClockSeconds),
      .states("states_asked", \.states),
      .fraction("cost_wall_ms", \.cost.wallMilliseconds, in: 0...longestMilliseconds),
      .fraction("cost_cpu_ms", \.cost.cpuMilliseconds, in: 0...longestMilliseconds),
      .optionalText("boot_id", \.host.bootID),
      .optionalText("kernel_release", \.host.kernelRelease),
      .optionalCount("open_files", \.host.openFiles),
      .optionalCount("max_files", \.host.maxFiles),
      .optionalCount("descriptors_in_flight", \.descriptorsInFlight),
      .flag("every_process_seen", \.isComplete),
      .tally("namespaces", \.namespaces),
      .tally("sockets", \.sockets),
      .tally("holders", \.holders),
      .tally("ghosts", \.deadSockets),
      .tally("processes", \.processes),
      .tally("gaps", \.gaps),
      RecordColumn.tally("caught", \.caught).ifRecorded(),
      RecordColumn.tally("left_out", \.leftOut).ifRecorded(),
      RecordColumn("connects_since_ns") { row, writer in
        if let since = row.connectTally.since {
          writer.number(since.nanoseconds)
        } else {
          writer.word("-")
        }
      } read: { cell, row throws(CellError) in
        row.connectTally.since =
          cell.isAbsent
          ? nil : BootInstant(nanoseconds: try cell.number(in: 0...latestNanoseconds))
      }.ifRecorded(),
      RecordColumn.tally("connects_lost", \.connectTally.lost).ifRecorded(),
      // The last: without it, as in a file that was cut, the table beside it has too many rows.
      RecordColumn.tally("connects", \.connects).ifRecorded(),
    ])
}
