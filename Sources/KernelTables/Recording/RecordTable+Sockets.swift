// SPDX-License-Identifier: Apache-2.0

extension RecordTable where Row == SocketRow {
  /// `sockets.tsv`: the columns as ss users know them, then the rest.
  package static let sockets = RecordTable(
    "sockets.tsv", empty: SocketRow(), columns: asShownBySS + identity + fromTCPInfo)

  private static let asShownBySS: [RecordColumn<SocketRow>] = [
    .namespace("netns", \.namespace),
    .choice("family", \.family, [(.ipv4, "ipv4"), (.ipv6, "ipv6")]),
    .state("state", \.state),
    .number("recv_q", \.receiveQueue),
    .number("send_q", \.sendQueue),
    .address("local_address", \.localAddress),
    .number("local_port", \.localPort),
    .address("remote_address", \.remoteAddress),
    .number("remote_port", \.remotePort),
    .choice(
      "timer", \.timer,
      [
        (.none, "none"), (.retransmit, "retransmit"), (.keepalive, "keepalive"),
        (.timeWait, "timewait"), (.probe, "probe"), (.other, "other"),
      ]),
    .number("timer_ms", \.timerMilliseconds),
    .number("retransmits", \.retransmits),
  ]

  private static let identity: [RecordColumn<SocketRow>] = [
    .number("uid", \.uid),
    .number("inode", \.inode),
    .number("cookie", \.cookie),
    .number("cgroup_id", \.cgroupID),
  ]

  private static let fromTCPInfo: [RecordColumn<SocketRow>] = [
    .number("last_data_sent_ms", \.lastDataSentMilliseconds),
    .number("last_data_received_ms", \.lastDataReceivedMilliseconds),
    .number("last_ack_received_ms", \.lastAckReceivedMilliseconds),
    .number("bytes_acked", \.bytesAcked),
    .number("bytes_received", \.bytesReceived),
    .number("segments_out", \.segmentsOut),
    .number("shutdown", \.shutdown),
    .knowledge("known", \.knowledge),
    .ipv6Only("ipv6_only"),
  ]
}

extension RecordTable where Row == RowsLeftOut {
  /// `left-out.tsv`: sockets that were counted and not kept. Older recordings lack it.
  package static let leftOut = RecordTable(
    "left-out.tsv", empty: RowsLeftOut(NetnsID(rawValue: 0), .established, count: 0),
    columns: [.namespace("netns", \.namespace), .state("state", \.state), .tally("count", \.count)])
}

extension RecordColumn {
  /// A state by its name, `UNKNOWN_14` where the number has none.
  static func state(
    _ name: String, _ path: Place<Row, TCPState>
  ) -> RecordColumn {
    RecordColumn(name) { row, writer in
      writer.word(row[keyPath: path].name)
    } read: { cell, row throws(CellError) in
      guard let state = StateName.states[cell.word] else {
        throw CellError("a state such as CLOSE_WAIT or UNKNOWN_14")
      }
      row[keyPath: path] = state
    }
  }

  /// States with a comma between them, `none` for no state.
  static func states(
    _ name: String, _ path: Place<Row, StateSet>
  ) -> RecordColumn {
    RecordColumn(name) { row, writer in
      let states = (0..<32).map(TCPState.init(rawValue:)).filter(row[keyPath: path].contains)
      writer.word(states.isEmpty ? "none" : states.map(\.name).joined(separator: ","))
    } read: { cell, row throws(CellError) in
      var mask: UInt32 = 0
      for part in cell.bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
      where cell.word != "none" {
        guard let state = StateName.states[Cell(part).word], state.rawValue < 32 else {
          throw CellError("states with a comma between them, or none")
        }
        mask |= 1 << UInt32(state.rawValue)
      }
      row[keyPath: path] = StateSet(rawValue: mask)
    }
  }

  /// What the source knew, with a plus sign between: `cookie+info`; `none`. What has a column of
  /// its own is not among them, and is passed over where an older recording names it (`bit5`).
  fileprivate static func knowledge(
    _ name: String, _ path: Place<Row, RowKnowledge>
  ) -> RecordColumn {
    let names = [
      "cookie", "info", "cgroup", "shutdown", "limit", "bit5", "opened", "accepted", "mptcp",
    ]
    return RecordColumn(name) { row, writer in
      let bits = row[keyPath: path].subtracting(.ipv6Only).rawValue
      let known = names.indices.filter { bits & (1 << UInt16($0)) != 0 }.map { names[$0] }
      writer.word(known.isEmpty ? "none" : known.joined(separator: "+"))
    } read: { cell, row throws(CellError) in
      var bits: UInt16 = 0
      for part in cell.bytes.split(separator: UInt8(ascii: "+"), omittingEmptySubsequences: false)
      where cell.word != "none" {
        guard let bit = names.firstIndex(of: Cell(part).word) else {
          throw CellError("none, or any of " + names.joined(separator: "+"))
        }
        bits |= 1 << UInt16(bit)
      }
      let own = row[keyPath: path].intersection(.ipv6Only)
      row[keyPath: path] = RowKnowledge(rawValue: bits).subtracting(.ipv6Only).union(own)
    }
  }
}

extension RecordColumn where Row == SocketRow {
  /// `-` where the source could not know it, and in recordings from before it was recorded.
  fileprivate static func ipv6Only(_ name: String) -> RecordColumn {
    RecordColumn(name) { row, writer in
      let isKnown = row.knowledge.contains(.ipv6Only)
      writer.word(isKnown ? (row.isIPv6Only ? "yes" : "no") : "-")
    } read: { cell, row throws(CellError) in
      guard ["yes", "no", "-"].contains(cell.word) else { throw CellError("one of yes no -") }
      if !cell.isAbsent { row.knowledge.insert(.ipv6Only) }
      row.isIPv6Only = cell.word == "yes"
    }.ifRecorded()
  }
}

/// All states by name, those without a name by number.
private enum StateName {
  static let states: [String: TCPState] = Dictionary(
    (UInt8.min...UInt8.max).map { (TCPState(rawValue: $0).name, TCPState(rawValue: $0)) },
    uniquingKeysWith: { first, _ in first })
}
