// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting

/// A small host with one socket of every kind that a listing has to tell apart.
struct ListedHost {
  var sample = Sample(
    takenAt: BootInstant(seconds: 1000), wallClockSeconds: 0, states: .all)
  var report = HolderReport()

  init() {
    var own = NamespaceSample(id: NetnsID(rawValue: 4_026_531_840))
    own.isOwn = true
    sample.namespaces = [own]
    report.isComplete = true
    process(812, "nginx", unit: "nginx.service")
    process(4711, "python3")
    add(.listen, inode: 100, local: "0.0.0.0", 80, remote: "0.0.0.0", 0, receive: 1, send: 511)
    hold(100, 812, fd: 6)
    add(.established, inode: 101, local: "192.0.2.1", 80, remote: "198.51.100.7", 51234)
    hold(101, 812, fd: 9)
    add(.closeWait, inode: 102, local: "192.0.2.1", 40000, remote: "203.0.113.9", 443, receive: 1)
    hold(102, 4711, fd: 7)
    hold(102, 4712, fd: 7)
    add(.closeWait, inode: 0, local: "192.0.2.1", 80, remote: "198.51.100.8", 40001, receive: 42)
    add(.timeWait, inode: 0, local: "192.0.2.1", 80, remote: "198.51.100.9", 40002)
    add(.finWait1, inode: 0, local: "192.0.2.1", 80, remote: "198.51.100.9", 40003, send: 1)
    add(.established, inode: 103, local: "192.0.2.1", 40004, remote: "203.0.113.9", 5432)
  }

  mutating func process(_ pid: Int32, _ command: String, unit: String? = nil) {
    var record = ProcessRecord(id: ProcessID(pid: pid, startTicks: UInt64(pid)))
    record.command = command
    record.unit = unit
    report.processes.append(record)
  }

  mutating func hold(_ inode: UInt64, _ pid: Int32, fd: Int32) {
    report.holders.append(
      SocketHolder(
        inode: inode, process: ProcessID(pid: pid, startTicks: UInt64(pid)), fd: fd))
  }

  mutating func add(
    _ state: TCPState, inode: UInt64, local: String, _ localPort: UInt16, remote: String,
    _ remotePort: UInt16, receive: UInt32 = 0, send: UInt32 = 0
  ) {
    var row = SocketRow()
    row.namespace = sample.namespaces.first?.id ?? NetnsID(rawValue: 0)
    row.state = state
    row.inode = inode
    row.cookie = UInt64.max - UInt64(sample.sockets.count)
    row.knowledge = [.cookie, .acceptQueueLimit]
    row.localAddress = Self.address(local)
    row.localPort = localPort
    row.remoteAddress = Self.address(remote)
    row.remotePort = remotePort
    row.receiveQueue = receive
    row.sendQueue = send
    row.uid = 33
    sample.sockets.append(row)
  }

  /// CLOSE_WAIT is 12.3 s old, TIME_WAIT at least 2 s, of the rest nothing is known.
  static func age(_ row: SocketRow) -> Age {
    switch row.state {
    case .closeWait: Age(seconds: 12.3, bound: .exact)
    case .timeWait: Age(seconds: 2, bound: .atLeast)
    default: Age(seconds: 0, bound: .unknown)
    }
  }

  func listing(_ filter: SocketFilter = SocketFilter()) -> SocketListing {
    SocketListing(SocketOrder(sample, filter: filter, age: Self.age), report)
  }

  /// What was watched of it, which is this one sample.
  var watch: Watch {
    var watch = Watch(settings: RuleSettings())
    var search = watch.advance(with: sample)
    search.inodes = Set(sample.sockets.map(\.inode).filter { $0 != 0 })
    search.completeness = .everyHolder
    // A live host gives a record of every holder.
    var complete = report
    let known = Set(report.processes.map(\.id))
    for process in Set(report.holders.map(\.process)).subtracting(known) {
      complete.processes.append(ProcessRecord(id: process))
    }
    watch.attribute(complete, to: search)
    return watch
  }

  func triageCensus(
    _ target: TriageTarget? = nil, besides findings: [Finding] = [], of watch: Watch? = nil
  ) -> TriageCensus? {
    let watch = watch ?? self.watch
    return watch.census.map { census in
      TriageCensus(
        census, patienceSeconds: watch.settings.patienceSeconds, target: target,
        besides: findings, gaps: sample.gaps + report.gaps, wasReadAsRoot: false)
    }
  }

  /// A triage of it.
  func triage(
    _ findings: [Finding] = [], watched: Double = 0,
    source: TriageSource = .look(.notAsked(flag: "--for"))
  ) -> TriageReport {
    guard let census = triageCensus(besides: findings) else {
      preconditionFailure("a sample makes a census")
    }
    return TriageReport(
      findings: findings, census: census, watchedSeconds: watched, source: source)
  }

  static func address(_ text: String) -> IPAddress {
    let bytes = text.split(separator: ".").compactMap { UInt32($0) }
    return IPAddress(ipv4: bytes.reduce(0) { $0 << 8 | $1 })
  }
}

extension SocketListing {
  /// The table as text.
  func text(width: Int = 79, wide: Bool = false, header: Bool = true) -> String {
    var table = SocketTable(self, style: TextStyle(width: width))
    table.isWide = wide
    table.hasHeader = header
    var bytes: [UInt8] = []
    table.write { bytes += $0 }
    return String(decoding: bytes, as: UTF8.self)
  }

  func json(chunk: Int = 1 << 18) -> String {
    var bytes: [UInt8] = []
    writeJSON(chunk: chunk) { bytes += $0 }
    return String(decoding: bytes, as: UTF8.self)
  }
}
