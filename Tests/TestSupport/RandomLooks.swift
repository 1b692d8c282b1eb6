// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// A seeded generator (SplitMix64): the same numbers on every machine.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// Makes looks with values from the whole range of every column, its ends above all.
package struct RandomLooks {
  private var generator: SeededGenerator
  /// Texts that stand in every second text, somewhere.
  private let planted: [String]

  package init(seed: UInt64, planted: [String] = []) {
    generator = SeededGenerator(seed: seed)
    self.planted = planted
  }

  package mutating func look(sockets: Int) -> RecordedSample {
    let takenAt = BootInstant(nanoseconds: number(in: 0...RecordedSummary.latestNanoseconds))
    var sample = Sample(
      takenAt: takenAt, wallClockSeconds: Double.random(in: 0...4e9, using: &generator),
      states: StateSet(rawValue: number(in: 0...UInt32.max)))
    sample.cost.wallMilliseconds = Double.random(in: 0...1e6, using: &generator)
    sample.cost.cpuMilliseconds = Double.random(in: 0...1e6, using: &generator)
    sample.host.bootID = optional { $0.text() }
    sample.host.kernelRelease = optional { $0.text() }
    sample.host.openFiles = optional { $0.count() }
    sample.host.maxFiles = optional { $0.count() }
    for index in 0..<3 { sample.namespaces.append(namespace(UInt32.max - UInt32(index))) }
    let ids = sample.namespaces.map(\.id)
    for index in 0..<sockets { sample.sockets.append(row(in: ids[index * 3 / sockets])) }
    sample.leftOut = ids.map { id in
      RowsLeftOut(
        id, TCPState(rawValue: number(in: 0...UInt8.max)), count: number(in: 0...recordedTallyBound)
      )
    }
    for index in 0..<3 { sample.connects.append(connects(ids[index])) }
    sample.connectTally.since = optional { random in
      BootInstant(nanoseconds: random.number(in: 0...takenAt.nanoseconds))
    }
    sample.connectTally.lost = number(in: 0...recordedTallyBound)
    sample.gaps = gaps()
    var report = HolderReport()
    report.descriptorsInFlight = optional { $0.count() }
    report.isComplete = Bool.random(using: &generator)
    report.gaps = gaps()
    for index in 0..<sockets {
      let id = ProcessID(pid: Int32.max - Int32(index), startTicks: number(in: 0...UInt64.max))
      report.processes.append(process(id))
      let inode: UInt64 = number(in: 0...UInt64.max)
      let fd: Int32 = number(in: 0...Int32.max)
      report.holders.append(
        SocketHolder(
          inode: inode, process: id, fd: fd,
          table: [.process, .ioUring, .thread(fd)].randomElement(using: &generator) ?? .process))
      report.deadSockets.append(DeadDescriptor(inode: inode, process: id, fd: fd))
    }
    for process in report.processes.prefix(3) {
      let hunt = OpenerHunt(
        namespace: ids[0], remote: Endpoint(address(), number(in: 0...UInt16.max)),
        milliseconds: number(in: 0...recordedTallyBound))
      report.caught.append(
        CaughtOpener(
          hunt: hunt, process: process.id, connections: number(in: 0...recordedTallyBound)))
    }
    return RecordedSample(sample: sample, report: report)
  }

  private mutating func connects(_ namespace: NetnsID) -> ConnectCount {
    var count = ConnectCount(
      namespace: namespace, remote: Endpoint(address(), number(in: 0...UInt16.max)),
      process: ProcessID(pid: number(in: 0...Int32.max), startTicks: number(in: 0...UInt64.max)))
    count.command = text()
    count.connects = number(in: 0...recordedTallyBound)
    count.withoutPort = number(in: 0...recordedTallyBound)
    count.firstAt = BootInstant(nanoseconds: number(in: 0...RecordedSummary.latestNanoseconds))
    return count
  }

  private mutating func row(in namespace: NetnsID) -> SocketRow {
    var row = SocketRow()
    row.namespace = namespace
    row.cookie = number(in: 0...UInt64.max)
    row.inode = number(in: 0...UInt64.max)
    row.localAddress = address()
    row.remoteAddress = address()
    row.cgroupID = number(in: 0...UInt64.max)
    row.bytesAcked = number(in: 0...UInt64.max)
    row.bytesReceived = number(in: 0...UInt64.max)
    row.uid = number(in: 0...UInt32.max)
    row.receiveQueue = number(in: 0...UInt32.max)
    row.sendQueue = number(in: 0...UInt32.max)
    row.timerMilliseconds = number(in: 0...UInt32.max)
    row.lastDataSentMilliseconds = number(in: 0...UInt32.max)
    row.lastDataReceivedMilliseconds = number(in: 0...UInt32.max)
    row.lastAckReceivedMilliseconds = number(in: 0...UInt32.max)
    row.segmentsOut = number(in: 0...UInt32.max)
    row.localPort = number(in: 0...UInt16.max)
    row.remotePort = number(in: 0...UInt16.max)
    row.state = TCPState(rawValue: number(in: 0...UInt8.max))
    row.family = Bool.random(using: &generator) ? .ipv4 : .ipv6
    row.timer =
      [.none, .retransmit, .keepalive, .timeWait, .probe, .other]
      .randomElement(using: &generator) ?? .none
    row.retransmits = number(in: 0...UInt8.max)
    row.shutdown = number(in: 0...UInt8.max)
    row.knowledge = RowKnowledge(rawValue: number(in: 0...511))
    row.isIPv6Only = row.knowledge.contains(.ipv6Only) && Bool.random(using: &generator)
    return row
  }

  private mutating func process(_ id: ProcessID) -> ProcessRecord {
    var process = ProcessRecord(id: id)
    process.parent = number(in: 0...Int32.max)
    process.command = text()
    process.executable = optional { $0.text() }
    process.arguments = optional { random in
      (0..<random.number(in: 0...3)).map { _ in random.text() }
    }
    process.uid = optional { $0.number(in: 0...UInt32.max) }
    process.cgroup = optional { $0.text() }
    process.cgroupID = optional { $0.number(in: 0...UInt64.max) }
    process.unit = optional { $0.text() }
    process.container = optional { $0.text() }
    process.names.container = optional { $0.text() }
    process.names.pod = optional { $0.text() }
    process.names.namespace = optional { $0.text() }
    process.namespace = optional { NetnsID(rawValue: $0.number(in: 0...UInt32.max)) }
    process.descriptorCount = optional { $0.count() }
    process.descriptorSoftLimit = optional { $0.number(in: 0...UInt64.max) }
    process.descriptorHardLimit = optional { $0.number(in: 0...UInt64.max) }
    process.imageID = number(in: 0...UInt64.max)
    process.isStopped = Bool.random(using: &generator)
    process.main = optional { $0.text() }
    process.runtime = ProcessRuntime.allCases.randomElement(using: &generator) ?? .unknown
    return process
  }

  private mutating func namespace(_ id: UInt32) -> NamespaceSample {
    var namespace = NamespaceSample(id: NetnsID(rawValue: id))
    namespace.hasTrueID = Bool.random(using: &generator)
    namespace.name = optional { $0.text() }
    namespace.isOwn = Bool.random(using: &generator)
    namespace.memberPID = optional { $0.number(in: 0...Int32.max) }
    namespace.source = Bool.random(using: &generator) ? .sockDiag : .procNetTCP
    namespace.sockstat = sockstat()
    namespace.counters = counters()
    namespace.settings = settings()
    return namespace
  }

  private mutating func sockstat() -> SockStat {
    var stat = SockStat()
    stat.inUse = count()
    stat.inUse6 = count()
    stat.timeWait = count()
    stat.orphans = count()
    stat.allocated = count()
    stat.memoryPages = count()
    return stat
  }

  private mutating func counters() -> TCPCounters {
    var counters = TCPCounters()
    let paths: [WritableKeyPath<TCPCounters, UInt64?>] = [
      \.listenOverflows, \.listenDrops, \.timeWaitOverflow, \.abortOnMemory, \.abortOnTimeout,
      \.requestQueueFullDrop, \.requestQueueFullCookies, \.retransmittedSegments, \.outResets,
      \.activeOpens, \.passiveOpens, \.attemptFails,
    ]
    for path in paths { counters[keyPath: path] = optional { $0.number(in: 0...UInt64.max) } }
    return counters
  }

  private mutating func settings() -> TCPSettings {
    var settings = TCPSettings()
    settings.areRead = Bool.random(using: &generator)
    let low: UInt16 = number(in: 0...UInt16.max)
    settings.localPortRange = low...UInt16.max
    settings.reservedPorts = [low...low, 0...UInt16.max].shuffled(using: &generator)
    settings.reservedPorts.removeLast(number(in: 0...2))
    settings.timeWaitReuse = count()
    settings.timeWaitReuseDelayMilliseconds = count()
    settings.maxTimeWaitBuckets = count()
    settings.finTimeoutSeconds = count()
    settings.keepaliveTimeSeconds = count()
    settings.somaxconn = count()
    settings.maxOrphans = count()
    settings.memoryPages = (0..<number(in: 0...3)).map { _ in count() }
    return settings
  }

  private mutating func gaps() -> [Gap] {
    Gap.Kind.allCases.map { kind in
      Gap(kind, count: number(in: 0...recordedTallyBound), detail: text())
    }
  }

  private mutating func address() -> IPAddress {
    switch number(in: 0...5) as UInt8 {
    case 0: .anyIPv4
    case 1: .anyIPv6
    case 2: IPAddress(ipv4: number(in: 0...UInt32.max))
    // Zero groups at random places, for every form of `::`.
    default:
      IPAddress(
        high: number(in: 0...UInt64.max) & mask(), low: number(in: 0...UInt64.max) & mask())
    }
  }

  private mutating func mask() -> UInt64 {
    (0..<4).reduce(0) { mask, _ in
      mask << 16 | (Bool.random(using: &generator) ? 0xffff : 0)
    }
  }

  /// Text with everything that could break a table, a line or a terminal.
  private mutating func text() -> String {
    let odd: [Unicode.Scalar] = [
      "a", "Z", "9", "-", "\\", "\t", "\n", "\r", " ", "\0", "\u{1b}", "\u{7f}", "\u{9b}",
      "\u{202e}", "\u{200b}", "\u{feff}", "\u{fffd}", "\u{e9}", "\u{301}", "\u{1f600}", ":", "/",
      "\u{10ffff}", "\u{e000}", "e", "s", "0", "u", "{", "}",
    ]
    let length: Int = number(in: 0...6)
    let scalars = (0..<length).map { _ in odd.randomElement(using: &generator) ?? "a" }
    let text = String(String.UnicodeScalarView(scalars))
    guard Bool.random(using: &generator), let word = planted.randomElement(using: &generator)
    else { return text }
    let ends = ["", ".service", ".scope", " (deleted)", "@x.service"]
    return text + word + (Bool.random(using: &generator) ? text : "")
      + (ends.randomElement(using: &generator) ?? "")
  }

  private mutating func count() -> Int { number(in: 0...Int.max) }

  private mutating func optional<V>(_ make: (inout RandomLooks) -> V) -> V? {
    Bool.random(using: &generator) ? make(&self) : nil
  }

  /// Mostly any number of the range; its ends one time in four.
  private mutating func number<N: FixedWidthInteger>(in range: ClosedRange<N>) -> N {
    switch generator.next() % 8 {
    case 0: range.lowerBound
    case 1: range.upperBound
    default: N.random(in: range, using: &generator)
    }
  }
}
