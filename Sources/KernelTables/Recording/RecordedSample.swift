// SPDX-License-Identifier: Apache-2.0

/// One look of a recording: the sample, and the answer to the widest question about it (every
/// holder, dead sockets everywhere).
///
/// Decoded values are kept, not the kernel's bytes: a rule that is written later may ask another
/// question than the rules of today, and any narrower question can be answered from this one.
package struct RecordedSample: Sendable {
  package var sample: Sample
  package var report: HolderReport

  package init(sample: Sample, report: HolderReport) {
    self.sample = sample
    self.report = report
  }

  /// One file of a look.
  package struct File: Hashable, Sendable {
    package var name: String
    package var bytes: [UInt8]
    /// Rows of the table in it.
    package var rows: Int
  }

  /// The names of the files of a look, in the order they are read.
  package static let fileNames = [
    RecordedSummary.table.file, RecordTable.namespaces.file, RecordTable.sockets.file,
    RecordTable.holders.file, RecordTable.deadSockets.file, RecordTable.processes.file,
    RecordTable.gaps.file, RecordTable.caught.file, RecordTable.leftOut.file,
    RecordTable.connects.file,
  ]

  /// The look as files. What it holds is written in the order it has.
  package func files() -> [File] {
    let gaps =
      sample.gaps.map { RecordedGap(.sample, $0) }
      + report.gaps.map { RecordedGap(.holders, $0) }
    let summary = RecordedSummary(of: self)
    return [
      File(
        name: RecordedSummary.table.file, bytes: RecordedSummary.table.blocks([summary]), rows: 1),
      File(
        name: RecordTable.namespaces.file, bytes: RecordTable.namespaces.blocks(sample.namespaces),
        rows: sample.namespaces.count),
      Self.file(.sockets, sample.sockets),
      Self.file(.holders, report.holders),
      Self.file(.deadSockets, report.deadSockets),
      Self.file(.processes, report.processes),
      Self.file(.gaps, gaps),
      Self.file(.caught, report.caught),
      Self.file(.leftOut, sample.leftOut),
      Self.file(.connects, sample.connects),
    ]
  }

  private static func file<Row>(_ table: RecordTable<Row>, _ rows: [Row]) -> File {
    File(name: table.file, bytes: table.table(rows), rows: rows.count)
  }

  /// Reads the files of one look.
  ///
  /// - Parameter folder: What error messages put before a file's name, for example `looks/0001/`.
  /// - Throws: ``RecordingError``.
  package init(
    files: [String: [UInt8]], folder: String, bounds: RecordingBounds
  ) throws(RecordingError) {
    let reader = LookReader(files: files, folder: folder, bounds: bounds)
    let summary = try reader.summary()
    sample = Sample(
      takenAt: summary.takenAt, wallClockSeconds: summary.wallClockSeconds,
      states: summary.states)
    sample.cost = summary.cost
    sample.host = summary.host
    sample.namespaces = try reader.blocks(.namespaces, count: summary.namespaces)
    sample.sockets = try reader.rows(.sockets, count: summary.sockets)
    report = HolderReport()
    report.descriptorsInFlight = summary.descriptorsInFlight
    report.isComplete = summary.isComplete
    report.holders = try reader.rows(.holders, count: summary.holders)
    report.deadSockets = try reader.rows(.deadSockets, count: summary.deadSockets)
    report.processes = try reader.rows(.processes, count: summary.processes)
    let gaps = try reader.rows(.gaps, count: summary.gaps)
    if summary.caught > 0 || files[RecordTable.caught.file] != nil {
      report.caught = try reader.rows(.caught, count: summary.caught)
    }
    if summary.leftOut > 0 || files[RecordTable.leftOut.file] != nil {
      sample.leftOut = try reader.rows(.leftOut, count: summary.leftOut)
    }
    if summary.connects > 0 || files[RecordTable.connects.file] != nil {
      sample.connects = try reader.rows(.connects, count: summary.connects)
    }
    sample.connectTally = summary.connectTally
    sample.gaps = gaps.filter { $0.origin == .sample }.map(\.gap)
    report.gaps = gaps.filter { $0.origin == .holders }.map(\.gap)
    try reader.checkConsistency(of: self)
  }
}

/// Reads the tables of one look and checks that they belong together.
private struct LookReader {
  var files: [String: [UInt8]]
  var folder: String
  var bounds: RecordingBounds

  func summary() throws(RecordingError) -> RecordedSummary {
    let path = folder + RecordedSummary.table.file
    let bytes = try bytes(of: RecordedSummary.table.file)
    let blocks = try RecordedSummary.table.readBlocks(bytes, path: path, bounds: bounds)
    guard let summary = blocks.first, blocks.count == 1 else {
      throw RecordingError.truncated(file: path, rows: nil, promised: nil)
    }
    return summary
  }

  func rows<Row>(_ table: RecordTable<Row>, count: Int) throws(RecordingError) -> [Row] {
    let bytes = try bytes(of: table.file)
    let rows = try table.readTable(bytes, path: folder + table.file, bounds: bounds)
    try check(rows.count, promised: count, in: table.file)
    return rows
  }

  func blocks<Row>(_ table: RecordTable<Row>, count: Int) throws(RecordingError) -> [Row] {
    let bytes = try bytes(of: table.file)
    let blocks = try table.readBlocks(bytes, path: folder + table.file, bounds: bounds)
    try check(blocks.count, promised: count, in: table.file)
    return blocks
  }

  /// Namespaces and processes are there once, and every socket is in a namespace that is listed:
  /// what a look promises its readers.
  func checkConsistency(of look: RecordedSample) throws(RecordingError) {
    var namespaces: Set<NetnsID> = []
    for (index, namespace) in look.sample.namespaces.enumerated()
    where !namespaces.insert(namespace.id).inserted {
      throw RecordingError.damagedCell(
        file: folder + RecordTable.namespaces.file, line: line(ofNamespace: index),
        column: "netns", text: String(namespace.id.rawValue),
        expected: "a namespace that was not listed before")
    }
    for (index, row) in look.sample.sockets.enumerated()
    where !namespaces.contains(row.namespace) {
      throw RecordingError.damagedCell(
        file: folder + RecordTable.sockets.file, line: index + 2, column: "netns",
        text: String(row.namespace.rawValue), expected: "a namespace of namespaces.txt")
    }
    for (index, rows) in look.sample.leftOut.enumerated()
    where !namespaces.contains(rows.namespace) {
      throw RecordingError.damagedCell(
        file: folder + RecordTable.leftOut.file, line: index + 2, column: "netns",
        text: String(rows.namespace.rawValue), expected: "a namespace of namespaces.txt")
    }
    var processes: Set<ProcessID> = []
    for (index, process) in look.report.processes.enumerated()
    where !processes.insert(process.id).inserted {
      throw RecordingError.damagedCell(
        file: folder + RecordTable.processes.file, line: index + 2, column: "pid",
        text: String(process.id.pid), expected: "a process that was not listed before")
    }
  }

  /// Blocks have no fixed number of lines: older recordings lack some keys.
  private func line(ofNamespace index: Int) -> Int {
    let newline = UInt8(ascii: "\n")
    let lines = (files[RecordTable.namespaces.file] ?? [])
      .split(separator: newline, omittingEmptySubsequences: false)
    let gaps = lines.indices.filter { lines[$0].isEmpty }
    return index == 0 ? 1 : gaps[index - 1] + 2
  }

  private func bytes(of name: String) throws(RecordingError) -> [UInt8] {
    guard let bytes = files[name] else { throw RecordingError.missingFile(folder + name) }
    return bytes
  }

  private func check(
    _ rows: Int, promised: Int, in name: String
  ) throws(RecordingError) {
    guard rows == promised else {
      throw RecordingError.truncated(file: folder + name, rows: rows, promised: promised)
    }
  }
}
