// SPDX-License-Identifier: Apache-2.0

extension RecordTable where Row == ConnectCount {
  /// `connects.tsv`: who connects where, as the kernel counts it. Older recordings lack it.
  package static let connects = RecordTable(
    "connects.tsv",
    empty: ConnectCount(
      namespace: NetnsID(rawValue: 0), remote: Endpoint(.anyIPv4, 0),
      process: ProcessID(pid: 0, startTicks: 0)),
    columns: [
      .namespace("netns", \.namespace),
      .address("remote_address", \.remote.address),
      .number("remote_port", \.remote.port),
      .id("pid", \.process.pid),
      .number("start_ticks", \.process.startTicks),
      .text("command", \.command),
      .tally("connects", \.connects),
      .tally("without_port", \.withoutPort),
      RecordColumn("first_ns") { row, writer in
        writer.number(row.firstAt.nanoseconds)
      } read: { cell, row throws(CellError) in
        row.firstAt = BootInstant(
          nanoseconds: try cell.number(in: 0...RecordedSummary.latestNanoseconds))
      },
    ])
}
