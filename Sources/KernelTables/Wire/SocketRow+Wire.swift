// SPDX-License-Identifier: Apache-2.0

/// What a row carries. Most rows have few of these, and much in common with the row before:
/// TIME_WAIT takes some 30 bytes instead of the 120 of a ``SocketRow``, a connection some 70.
private struct RowParts: OptionSet {
  let rawValue: UInt16
  static let cookie = RowParts(rawValue: 1)
  static let inode = RowParts(rawValue: 2)
  static let wideInode = RowParts(rawValue: 4)
  static let wideLocal = RowParts(rawValue: 8)
  static let wideRemote = RowParts(rawValue: 16)
  static let cgroup = RowParts(rawValue: 32)
  static let wideCgroup = RowParts(rawValue: 64)
  static let queues = RowParts(rawValue: 128)
  static let timer = RowParts(rawValue: 256)
  static let bytes = RowParts(rawValue: 512)
  static let wideBytes = RowParts(rawValue: 1024)
  static let activity = RowParts(rawValue: 2048)
  static let ipv6Only = RowParts(rawValue: 4096)
  static let wideCookie = RowParts(rawValue: 8192)
  /// The local address is that of the row before.
  static let sameLocal = RowParts(rawValue: 16384)
  /// The user and the cgroup are.
  static let sameOwner = RowParts(rawValue: 32768)

  init(rawValue: UInt16) { self.rawValue = rawValue }

  /// No number is there in both of its widths: such a row would be larger than
  /// ``SocketRow/wireMost``. What is that of the row before is not there besides.
  var isPossible: Bool {
    !isSuperset(of: [.inode, .wideInode]) && !isSuperset(of: [.cookie, .wideCookie])
      && !isSuperset(of: [.cgroup, .wideCgroup]) && !isSuperset(of: [.bytes, .wideBytes])
      && !isSuperset(of: [.sameLocal, .wideLocal])
      && (!contains(.sameOwner) || isDisjoint(with: [.cgroup, .wideCgroup]))
  }

  init(_ row: SocketRow, after before: SocketRow?) {
    var parts: RowParts = []
    if let before {
      if row.localAddress == before.localAddress { parts.insert(.sameLocal) }
      if row.uid == before.uid, row.cgroupID == before.cgroupID { parts.insert(.sameOwner) }
    }
    if row.cookie != 0 { parts.insert(row.cookie >> 32 == 0 ? .cookie : .wideCookie) }
    if row.inode != 0 { parts.insert(row.inode >> 32 == 0 ? .inode : .wideInode) }
    if !row.localAddress.isIPv4, !parts.contains(.sameLocal) { parts.insert(.wideLocal) }
    if !row.remoteAddress.isIPv4 { parts.insert(.wideRemote) }
    if row.cgroupID != 0, !parts.contains(.sameOwner) {
      parts.insert(row.cgroupID >> 32 == 0 ? .cgroup : .wideCgroup)
    }
    if row.receiveQueue | row.sendQueue != 0 { parts.insert(.queues) }
    if row.timerMilliseconds != 0 { parts.insert(.timer) }
    let bytes = row.bytesAcked | row.bytesReceived
    if bytes != 0 { parts.insert(bytes >> 32 == 0 ? .bytes : .wideBytes) }
    let activity =
      row.lastDataSentMilliseconds | row.lastDataReceivedMilliseconds
      | row.lastAckReceivedMilliseconds | row.segmentsOut
    if activity != 0 { parts.insert(.activity) }
    if row.isIPv6Only { parts.insert(.ipv6Only) }
    self = parts
  }
}

extension SocketRow {
  /// Bytes of the smallest row, and more than those of the largest.
  fileprivate static let wireLeast = 16
  fileprivate static let wireMost = 128
  /// Of the family's byte: what ``RowKnowledge`` has that no byte has room for.
  private static let mptcpBit: UInt8 = 0x80

  fileprivate func write(to start: inout UnsafeMutableRawPointer, after before: SocketRow?) {
    func put<Value: BitwiseCopyable>(_ value: Value) {
      start.storeBytes(of: value, as: Value.self)
      start += MemoryLayout<Value>.size
    }
    let parts = RowParts(self, after: before)
    put(parts.rawValue)
    put(localPort)
    put(remotePort)
    put(state.rawValue)
    put(family.rawValue | (knowledge.contains(.mptcp) ? Self.mptcpBit : 0))
    put(timer.rawValue)
    put(retransmits)
    put(shutdown)
    put(UInt8(truncatingIfNeeded: knowledge.rawValue))
    if !parts.contains(.sameOwner) { put(uid) }
    if parts.contains(.cookie) { put(UInt32(truncatingIfNeeded: cookie)) }
    if parts.contains(.wideCookie) { put(cookie) }
    if parts.contains(.inode) { put(UInt32(truncatingIfNeeded: inode)) }
    if parts.contains(.wideInode) { put(inode) }
    if parts.contains(.wideLocal) {
      put(localAddress.high)
      put(localAddress.low)
    } else if !parts.contains(.sameLocal) {
      put(localAddress.ipv4Part)
    }
    if parts.contains(.wideRemote) { put(remoteAddress.high) }
    if parts.contains(.wideRemote) { put(remoteAddress.low) } else { put(remoteAddress.ipv4Part) }
    if parts.contains(.cgroup) { put(UInt32(truncatingIfNeeded: cgroupID)) }
    if parts.contains(.wideCgroup) { put(cgroupID) }
    if parts.contains(.queues) {
      put(receiveQueue)
      put(sendQueue)
    }
    if parts.contains(.timer) { put(timerMilliseconds) }
    if parts.contains(.bytes) {
      put(UInt32(truncatingIfNeeded: bytesAcked))
      put(UInt32(truncatingIfNeeded: bytesReceived))
    }
    if parts.contains(.wideBytes) {
      put(bytesAcked)
      put(bytesReceived)
    }
    if parts.contains(.activity) {
      put(lastDataSentMilliseconds)
      put(lastDataReceivedMilliseconds)
      put(lastAckReceivedMilliseconds)
      put(segmentsOut)
    }
  }

  /// Reads from `start`, where ``wireMost`` bytes are there; nil for a family or a timer that there
  /// is not, for a number in two widths, and for what is like no row.
  fileprivate init?(
    from start: inout UnsafeRawPointer, namespace: NetnsID, after before: SocketRow?
  ) {
    func get<Value: BitwiseCopyable>(_ type: Value.Type = Value.self) -> Value {
      defer { start += MemoryLayout<Value>.size }
      return start.loadUnaligned(as: Value.self)
    }
    self.init()
    self.namespace = namespace
    let parts = RowParts(rawValue: get())
    guard parts.isPossible, before != nil || parts.isDisjoint(with: [.sameLocal, .sameOwner])
    else { return nil }
    localPort = get()
    remotePort = get()
    state = TCPState(rawValue: get())
    let familyByte: UInt8 = get()
    guard let family = AddressFamily(rawValue: familyByte & ~Self.mptcpBit),
      let timer = SocketTimer(rawValue: get())
    else { return nil }
    self.family = family
    self.timer = timer
    retransmits = get()
    shutdown = get()
    knowledge = RowKnowledge(rawValue: UInt16(get(UInt8.self)))
    if familyByte & Self.mptcpBit != 0 { knowledge.insert(.mptcp) }
    if parts.contains(.sameOwner), let before {
      uid = before.uid
      cgroupID = before.cgroupID
    } else {
      uid = get()
    }
    if parts.contains(.cookie) { cookie = UInt64(get(UInt32.self)) }
    if parts.contains(.wideCookie) { cookie = get() }
    if parts.contains(.inode) { inode = UInt64(get(UInt32.self)) }
    if parts.contains(.wideInode) { inode = get() }
    if parts.contains(.wideLocal) {
      localAddress = IPAddress(high: get(), low: get())
    } else if parts.contains(.sameLocal), let before {
      localAddress = before.localAddress
    } else {
      localAddress = IPAddress(ipv4: get())
    }
    if parts.contains(.wideRemote) {
      remoteAddress = IPAddress(high: get(), low: get())
    } else {
      remoteAddress = IPAddress(ipv4: get())
    }
    if parts.contains(.cgroup) { cgroupID = UInt64(get(UInt32.self)) }
    if parts.contains(.wideCgroup) { cgroupID = get() }
    if parts.contains(.queues) {
      receiveQueue = get()
      sendQueue = get()
    }
    if parts.contains(.timer) { timerMilliseconds = get() }
    if parts.contains(.bytes) {
      bytesAcked = UInt64(get(UInt32.self))
      bytesReceived = UInt64(get(UInt32.self))
    }
    if parts.contains(.wideBytes) {
      bytesAcked = get()
      bytesReceived = get()
    }
    if parts.contains(.activity) {
      lastDataSentMilliseconds = get()
      lastDataReceivedMilliseconds = get()
      lastAckReceivedMilliseconds = get()
      segmentsOut = get()
    }
    isIPv6Only = parts.contains(.ipv6Only)
  }
}

extension IPAddress {
  fileprivate var ipv4Part: UInt32 { UInt32(truncatingIfNeeded: low) }
}

extension WireWriter {
  /// Rows that stand next to each other and are of one namespace say so once.
  private static let runMost = 512

  package mutating func put(_ rows: [SocketRow]) {
    put(UInt64(rows.count))
    var first = 0
    var before: SocketRow?
    var memoryTakenBack = 0
    while first < rows.count {
      let namespace = rows[first].namespace
      var end = first + 1
      while end < rows.count, end - first < Self.runMost, rows[end].namespace == namespace {
        end += 1
      }
      put(namespace.rawValue)
      put(UInt16(end - first))
      put(rows[first..<end], after: before)
      endElement()
      before = rows[end - 1]
      first = end
      if let takesBack {
        let written = memoryTakenBack..<(end * MemoryLayout<SocketRow>.stride)
        memoryTakenBack += rows.withUnsafeBytes {
          takesBack(UnsafeRawBufferPointer(rebasing: $0[written]))
        }
      }
    }
    // Whoever reads asks once for each row whether the largest would fit.
    for _ in 0..<(SocketRow.wireMost / 8) { put(0 as UInt64) }
  }

  private mutating func put(_ run: ArraySlice<SocketRow>, after before: SocketRow?) {
    withUnsafeTemporaryAllocation(byteCount: run.count * SocketRow.wireMost, alignment: 8) { room in
      guard var end = room.baseAddress else { return }
      let start = end
      var before = before
      for row in run {
        row.write(to: &end, after: before)
        before = row
      }
      put(raw: UnsafeRawBufferPointer(rebasing: room[..<(end - start)]))
    }
  }
}

extension WireReader {
  package mutating func getRows() throws(DecodeError) -> [SocketRow] {
    let count = try getCount(ofAtLeast: SocketRow.wireLeast)
    var rows: [SocketRow] = []
    rows.reserveCapacity(count)
    while rows.count < count {
      let namespace = NetnsID(rawValue: try get())
      let run = Int(try get(UInt16.self))
      guard run > 0, run <= count - rows.count else { throw bad("run of rows", "\(run)") }
      for _ in 0..<run {
        try require(SocketRow.wireMost)
        guard var start = bytes.baseAddress.map({ $0 + offset }) else { return rows }
        let before = start
        guard let row = SocketRow(from: &start, namespace: namespace, after: rows.last) else {
          throw bad("row", "a family or timer that there is not, a number in two widths, or first")
        }
        offset += start - before
        rows.append(row)
      }
    }
    try require(SocketRow.wireMost)
    offset += SocketRow.wireMost
    return rows
  }
}
