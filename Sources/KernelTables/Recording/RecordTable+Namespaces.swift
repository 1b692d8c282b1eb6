// SPDX-License-Identifier: Apache-2.0

extension RecordTable where Row == NamespaceSample {
  /// `namespaces.txt`: one block for each network namespace.
  package static let namespaces = RecordTable(
    "namespaces.txt", empty: NamespaceSample(id: NetnsID(rawValue: 0)),
    columns: identity + sockstat + counters + settings)

  private static let identity: [RecordColumn<NamespaceSample>] = [
    .namespace("netns", \.id),
    RecordColumn.flag("netns_is_true", \.hasTrueID).ifRecorded(),
    .optionalText("name", \.name),
    .flag("own", \.isOwn),
    RecordColumn("member_pid") { row, writer in
      if let pid = row.memberPID { writer.number(pid) } else { writer.word("-") }
    } read: { cell, row throws(CellError) in
      row.memberPID = cell.isAbsent ? nil : try cell.number(in: 0...Int32.max)
    },
    .choice("source", \.source, [(.sockDiag, "sock_diag"), (.procNetTCP, "proc")]),
  ]

  private static let sockstat: [RecordColumn<NamespaceSample>] = [
    .count("sockstat_inuse", \.sockstat.inUse),
    .count("sockstat6_inuse", \.sockstat.inUse6),
    .count("sockstat_tw", \.sockstat.timeWait),
    .count("sockstat_orphan", \.sockstat.orphans),
    .count("sockstat_alloc", \.sockstat.allocated),
    .count("sockstat_mem_pages", \.sockstat.memoryPages),
  ]

  private static let counters: [RecordColumn<NamespaceSample>] = [
    .optionalNumber("ListenOverflows", \.counters.listenOverflows),
    .optionalNumber("ListenDrops", \.counters.listenDrops),
    .optionalNumber("TCPTimeWaitOverflow", \.counters.timeWaitOverflow),
    .optionalNumber("TCPAbortOnMemory", \.counters.abortOnMemory),
    .optionalNumber("TCPAbortOnTimeout", \.counters.abortOnTimeout),
    .optionalNumber("TCPReqQFullDrop", \.counters.requestQueueFullDrop),
    .optionalNumber("TCPReqQFullDoCookies", \.counters.requestQueueFullCookies),
    .optionalNumber("RetransSegs", \.counters.retransmittedSegments),
    .optionalNumber("OutRsts", \.counters.outResets),
    .optionalNumber("ActiveOpens", \.counters.activeOpens),
    .optionalNumber("PassiveOpens", \.counters.passiveOpens),
    .optionalNumber("AttemptFails", \.counters.attemptFails),
  ]

  private static let settings: [RecordColumn<NamespaceSample>] = [
    .flag("settings_read", \.settings.areRead),
    RecordColumn("ip_local_port_range") { row, writer in
      writer.word(text(row.settings.localPortRange))
    } read: { cell, row throws(CellError) in
      row.settings.localPortRange = try range(cell)
    },
    RecordColumn("ip_local_reserved_ports") { row, writer in
      let ranges = row.settings.reservedPorts.map(text)
      writer.word(ranges.isEmpty ? "none" : ranges.joined(separator: ","))
    } read: { cell, row throws(CellError) in
      row.settings.reservedPorts = []
      for part in parts(cell) { row.settings.reservedPorts.append(try range(Cell(part))) }
    },
    .count("tcp_tw_reuse", \.settings.timeWaitReuse),
    .count("tcp_tw_reuse_delay_ms", \.settings.timeWaitReuseDelayMilliseconds),
    .count("tcp_max_tw_buckets", \.settings.maxTimeWaitBuckets),
    .count("tcp_fin_timeout", \.settings.finTimeoutSeconds),
    .count("tcp_keepalive_time", \.settings.keepaliveTimeSeconds),
    .count("somaxconn", \.settings.somaxconn),
    .count("tcp_max_orphans", \.settings.maxOrphans),
    RecordColumn("tcp_mem_pages") { row, writer in
      let pages = row.settings.memoryPages.map { String($0) }
      writer.word(pages.isEmpty ? "none" : pages.joined(separator: ","))
    } read: { cell, row throws(CellError) in
      row.settings.memoryPages = []
      for part in parts(cell) {
        row.settings.memoryPages.append(try Cell(part).number(in: 0...Int.max))
      }
    },
  ]

  private static func parts(_ cell: Cell) -> [ArraySlice<UInt8>] {
    if cell.word == "none" { return [] }
    return cell.bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
  }

  private static func text(_ range: ClosedRange<UInt16>) -> String {
    "\(range.lowerBound)-\(range.upperBound)"
  }

  private static func range(_ cell: Cell) throws(CellError) -> ClosedRange<UInt16> {
    let ends = cell.bytes.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard ends.count == 2 else { throw CellError("a range of ports such as 32768-60999") }
    let low = try Cell(ends[0]).number(in: 0...UInt16.max)
    let high = try Cell(ends[1]).number(in: 0...UInt16.max)
    guard low <= high else { throw CellError("a range of ports such as 32768-60999") }
    return low...high
  }
}
