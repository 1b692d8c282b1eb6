// SPDX-License-Identifier: Apache-2.0

extension Sample {
  func write(to writer: inout WireWriter) {
    writer.put(takenAt.nanoseconds)
    writer.put(wallClockSeconds)
    writer.put(states.rawValue)
    writer.put(namespaces) { $1.write(to: &$0) }
    writer.put(sockets)
    writer.put(leftOut) { writer, rows in
      writer.put(rows.namespace.rawValue)
      writer.put(rows.state.rawValue)
      writer.put(rows.count)
    }
    writer.put(host.bootID) { $0.put($1) }
    writer.put(host.kernelRelease) { $0.put($1) }
    writer.put(host.openFiles) { $0.put($1) }
    writer.put(host.maxFiles) { $0.put($1) }
    writer.put(connects) { $1.write(to: &$0) }
    writer.put(connectTally.since?.nanoseconds) { $0.put($1) }
    writer.put(connectTally.lost)
    writer.put(gaps) { $1.write(to: &$0) }
    cost.write(to: &writer)
  }

  init(from reader: inout WireReader) throws(DecodeError) {
    let takenAt = BootInstant(nanoseconds: try reader.get())
    let wallClockSeconds = try reader.getDouble()
    self.init(
      takenAt: takenAt, wallClockSeconds: wallClockSeconds,
      states: StateSet(rawValue: try reader.get()))
    namespaces = try reader.getArray { reader throws(DecodeError) in
      try NamespaceSample(from: &reader)
    }
    sockets = try reader.getRows()
    leftOut = try reader.getArray { reader throws(DecodeError) in
      let namespace = NetnsID(rawValue: try reader.get())
      let state = TCPState(rawValue: try reader.get())
      return RowsLeftOut(namespace, state, count: try reader.getTally())
    }
    host.bootID = try reader.getOptionalText()
    host.kernelRelease = try reader.getOptionalText()
    host.openFiles = try reader.getOptionalNumber()
    host.maxFiles = try reader.getOptionalNumber()
    connects = try reader.getArray { reader throws(DecodeError) in
      try ConnectCount(from: &reader)
    }
    let since: Int64? = try reader.getOptionalNumber()
    if let since, !(0...max(0, takenAt.nanoseconds)).contains(since) {
      throw reader.bad("start of counting", "\(since)")
    }
    connectTally.since = since.map { BootInstant(nanoseconds: $0) }
    connectTally.lost = try reader.getTally()
    gaps = try reader.getGaps()
    cost = try SampleCost(from: &reader)
  }
}

extension NamespaceSample {
  fileprivate func write(to writer: inout WireWriter) {
    writer.put(id.rawValue)
    writer.put(hasTrueID)
    writer.put(name) { $0.put($1) }
    writer.put(isOwn)
    writer.put(memberPID) { $0.put($1) }
    writer.put(source == .sockDiag)
    for path in SockStat.numbers { writer.put(sockstat[keyPath: path]) }
    for path in TCPCounters.all { writer.put(counters[keyPath: path]) { $0.put($1) } }
    settings.write(to: &writer)
  }

  fileprivate init(from reader: inout WireReader) throws(DecodeError) {
    self.init(id: NetnsID(rawValue: try reader.get()))
    hasTrueID = try reader.getBool()
    name = try reader.getOptionalText()
    isOwn = try reader.getBool()
    memberPID = try reader.getOptionalNumber()
    source = try reader.getBool() ? .sockDiag : .procNetTCP
    for path in SockStat.numbers { sockstat[keyPath: path] = try reader.getTally() }
    for path in TCPCounters.all { counters[keyPath: path] = try reader.getOptionalNumber() }
    settings = try TCPSettings(from: &reader)
  }
}

extension ConnectCount {
  fileprivate func write(to writer: inout WireWriter) {
    writer.put(namespace.rawValue)
    writer.put(remote.address.high)
    writer.put(remote.address.low)
    writer.put(remote.port)
    process.write(to: &writer)
    writer.put(command)
    writer.put(connects)
    writer.put(withoutPort)
    writer.put(firstAt.nanoseconds)
  }

  fileprivate init(from reader: inout WireReader) throws(DecodeError) {
    let namespace = NetnsID(rawValue: try reader.get())
    let address = IPAddress(high: try reader.get(), low: try reader.get())
    let remote = Endpoint(address, try reader.get())
    self.init(namespace: namespace, remote: remote, process: try ProcessID(from: &reader))
    command = try reader.getText()
    connects = try reader.getTally()
    withoutPort = try reader.getTally()
    firstAt = BootInstant(nanoseconds: try reader.get())
  }
}

extension SockStat {
  fileprivate static var numbers: [WritableKeyPath<SockStat, Int>] {
    [\.inUse, \.inUse6, \.timeWait, \.orphans, \.allocated, \.memoryPages]
  }
}

extension TCPCounters {
  fileprivate static var all: [WritableKeyPath<TCPCounters, UInt64?>] {
    [
      \.listenOverflows, \.listenDrops, \.timeWaitOverflow, \.abortOnMemory, \.abortOnTimeout,
      \.requestQueueFullDrop, \.requestQueueFullCookies, \.retransmittedSegments, \.outResets,
      \.activeOpens, \.passiveOpens, \.attemptFails,
    ]
  }
}

extension TCPSettings {
  private static var numbers: [WritableKeyPath<TCPSettings, Int>] {
    [
      \.timeWaitReuse, \.timeWaitReuseDelayMilliseconds, \.maxTimeWaitBuckets,
      \.finTimeoutSeconds, \.keepaliveTimeSeconds, \.somaxconn, \.maxOrphans,
    ]
  }

  fileprivate func write(to writer: inout WireWriter) {
    writer.put(areRead)
    writer.put(localPortRange)
    writer.put(reservedPorts) { $0.put($1) }
    for path in Self.numbers { writer.put(self[keyPath: path]) }
    writer.put(memoryPages) { $0.put($1) }
  }

  fileprivate init(from reader: inout WireReader) throws(DecodeError) {
    self.init()
    areRead = try reader.getBool()
    localPortRange = try reader.getPorts()
    reservedPorts = try reader.getArray { reader throws(DecodeError) in
      try reader.getPorts()
    }
    for path in Self.numbers { self[keyPath: path] = try reader.get() }
    memoryPages = try reader.getArray { reader throws(DecodeError) in
      try reader.getTally()
    }
  }
}

extension WireWriter {
  fileprivate mutating func put(_ ports: ClosedRange<UInt16>) {
    put(ports.lowerBound)
    put(ports.upperBound)
  }
}

extension WireReader {
  fileprivate mutating func getPorts() throws(DecodeError) -> ClosedRange<UInt16> {
    let (low, high) = (try get(UInt16.self), try get(UInt16.self))
    guard low <= high else { throw bad("ports", "\(low)-\(high)") }
    return low...high
  }
}
