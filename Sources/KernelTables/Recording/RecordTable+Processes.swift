// SPDX-License-Identifier: Apache-2.0

extension RecordTable where Row == ProcessRecord {
  /// `processes.tsv`.
  package static let processes = RecordTable(
    "processes.tsv", empty: ProcessRecord(id: ProcessID(pid: 0, startTicks: 0)),
    columns: [
      .id("pid", \.id.pid),
      .number("start_ticks", \.id.startTicks),
      .id("parent", \.parent),
      .text("command", \.command),
      .optionalText("executable", \.executable),
      .optionalNumber("uid", \.uid),
      .optionalText("unit", \.unit),
      .optionalText("container", \.container),
      RecordColumn.optionalText("container_name", \.names.container).ifRecorded(),
      RecordColumn.optionalText("pod", \.names.pod).ifRecorded(),
      RecordColumn.optionalText("pod_namespace", \.names.namespace).ifRecorded(),
      .optionalText("cgroup", \.cgroup),
      .optionalNumber("cgroup_id", \.cgroupID),
      RecordColumn("netns") { row, writer in
        if let id = row.namespace { writer.number(id.rawValue) } else { writer.word("-") }
      } read: { cell, row throws(CellError) in
        let known = !cell.isAbsent
        row.namespace = known ? NetnsID(rawValue: try cell.number(in: 0...UInt32.max)) : nil
      },
      .optionalCount("descriptors", \.descriptorCount),
      .optionalNumber("soft_limit", \.descriptorSoftLimit),
      .optionalNumber("hard_limit", \.descriptorHardLimit),
      .choice("runtime", \.runtime, ProcessRuntime.allCases.map { ($0, $0.rawValue) }),
      RecordColumn.number("image", \.imageID).ifRecorded(),
      RecordColumn.optionalText("main", \.main).ifRecorded(),
      RecordColumn.flag("stopped", \.isStopped).ifRecorded(),
      RecordColumn("arguments") { row, writer in
        if let arguments = row.arguments { writer.list(arguments) } else { writer.word("-") }
      } read: { cell, row throws(CellError) in
        row.arguments = cell.isAbsent ? nil : try cell.list()
      },
    ])
}

extension RecordTable where Row == SocketHolder {
  /// `holders.tsv`: which descriptor of which process refers to which inode.
  package static let holders = RecordTable(
    "holders.tsv",
    empty: SocketHolder(inode: 0, process: ProcessID(pid: 0, startTicks: 0), fd: 0),
    columns: [
      .number("inode", \.inode),
      .id("pid", \.process.pid),
      .number("start_ticks", \.process.startTicks),
      .id("fd", \.fd),
      RecordColumn("table") { row, writer in
        switch row.table {
        case .process: writer.word("fd")
        case .thread(let tid): writer.word("task/\(tid)/fd")
        case .ioUring: writer.word("io_uring")
        }
      } read: { cell, row throws(CellError) in
        row.table = try table(cell)
      },
    ])

  private static func table(_ cell: Cell) throws(CellError) -> SocketHolder.Table {
    if cell.word == "fd" { return .process }
    if cell.word == "io_uring" { return .ioUring }
    let parts = cell.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard parts.count == 3, Cell(parts[0]).word == "task", Cell(parts[2]).word == "fd" else {
      throw CellError("fd, task/TID/fd or io_uring")
    }
    return .thread(try Cell(parts[1]).number(in: 0...Int32.max))
  }
}

extension RecordTable where Row == DeadDescriptor {
  /// `ghosts.tsv`: descriptors on dead TCP sockets.
  package static let deadSockets = RecordTable(
    "ghosts.tsv",
    empty: DeadDescriptor(inode: 0, process: ProcessID(pid: 0, startTicks: 0), fd: 0),
    columns: [
      .number("inode", \.inode),
      .id("pid", \.process.pid),
      .number("start_ticks", \.process.startTicks),
      .id("fd", \.fd),
    ])
}

extension RecordTable where Row == CaughtOpener {
  /// `caught.tsv`: who was caught opening connections to a place. Older recordings lack it.
  package static let caught = RecordTable(
    "caught.tsv",
    empty: CaughtOpener(
      hunt: OpenerHunt(
        namespace: NetnsID(rawValue: 0), remote: Endpoint(.anyIPv4, 0), milliseconds: 0),
      process: ProcessID(pid: 0, startTicks: 0), connections: 0),
    columns: [
      .namespace("netns", \.hunt.namespace),
      .address("remote_address", \.hunt.remote.address),
      .number("remote_port", \.hunt.remote.port),
      .tally("milliseconds", \.hunt.milliseconds),
      .id("pid", \.process.pid),
      .number("start_ticks", \.process.startTicks),
      .tally("connections", \.connections),
    ])
}

/// A gap, and which half of the look has it.
package struct RecordedGap: Hashable, Sendable {
  package enum Origin: String, Hashable, Sendable {
    case sample, holders
  }
  package var origin: Origin
  package var gap: Gap
  package init(_ origin: Origin, _ gap: Gap) {
    self.origin = origin
    self.gap = gap
  }
}

extension RecordTable where Row == RecordedGap {
  /// `gaps.tsv`: what the look could not see.
  package static let gaps = RecordTable(
    "gaps.tsv", empty: RecordedGap(.sample, Gap(.boundReached, detail: "")),
    columns: [
      .choice("from", \.origin, [(.sample, "sample"), (.holders, "holders")]),
      .choice("kind", \.gap.kind, Gap.Kind.allCases.map { ($0, $0.rawValue) }),
      .tally("count", \.gap.count),
      .text("detail", \.gap.detail),
    ])
}
