// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// A host of twenty services of ten processes each, look after look: 70 % ESTABLISHED, 10 %
/// TIME_WAIT, 9 % CLOSE_WAIT and the rest in the other states. In each tick 1 % of the rows go and
/// as many come, and a third of the living connections transfer something.
struct HostInMotion {
  private var random: UInt64 = 0x9e37_79b9_7f4a_7c15
  private(set) var rows: [SocketRow] = []
  private var second = 0
  private var nextCookie: UInt64 = 1
  private var transfers: UInt64 = 0
  private let namespace = NetnsID(rawValue: 4_026_531_840)
  static let processes = 200
  private static let listeners = processes / 5

  init(connections: Int) {
    for port in 0..<Self.listeners {
      var row = fresh()
      row.inode =
        row.inode / UInt64(Self.processes) * UInt64(Self.processes) + UInt64(10 * (port / 2))
      row.state = .listen
      row.localPort = UInt16(8000 + port)
      row.localAddress = .anyIPv4
      row.remoteAddress = .anyIPv4
      row.remotePort = 0
      rows.append(row)
    }
    for _ in 0..<connections { rows.append(connection(isNew: false)) }
  }

  /// One more look, a second later.
  mutating func look() -> Sample {
    second += 1
    let changes = rows.count / 100
    for _ in 0..<changes {
      rows[Self.listeners + Int(draw(UInt64(rows.count - Self.listeners)))] =
        connection(isNew: true)
    }
    for index in rows.indices {
      switch rows[index].state {
      case .established where index % 3 == second % 3:
        rows[index].bytesReceived += 517
        rows[index].bytesAcked += 1203
        rows[index].lastDataReceivedMilliseconds = 200
        rows[index].lastDataSentMilliseconds = 200
      case .timeWait:
        rows[index].timerMilliseconds -= min(1000, rows[index].timerMilliseconds)
      default:
        rows[index].lastAckReceivedMilliseconds += 1000
        rows[index].lastDataReceivedMilliseconds += 1000
        rows[index].lastDataSentMilliseconds += 1000
      }
    }
    var sample = Sample(
      takenAt: BootInstant(seconds: 1000 + Double(second)), wallClockSeconds: 0, states: .all)
    var place = NamespaceSample(id: namespace)
    place.isOwn = true
    place.settings.areRead = true
    sample.namespaces = [place]
    sample.sockets = rows
    return sample
  }

  /// The answer to a search: one process for each socket.
  func holders(_ search: HolderSearch) -> HolderReport {
    var report = HolderReport()
    for inode in search.inodes.sorted() {
      let process = id(Int(inode % UInt64(Self.processes)))
      report.holders.append(
        SocketHolder(inode: inode, process: process, fd: Int32(inode % 1000) + 3))
    }
    for index in 0..<Self.processes {
      var record = ProcessRecord(id: id(index))
      record.command = "service\(Self.service(of: UInt64(index)))"
      record.executable = "/usr/bin/\(record.command)"
      record.descriptorCount = 700
      record.descriptorSoftLimit = 65536
      record.descriptorHardLimit = 1 << 20
      report.processes.append(record)
    }
    report.isComplete = true
    return report
  }

  /// Ten processes are one service, with two ports and two places it connects to.
  private static func service(of inode: UInt64) -> Int { Int(inode) % processes / 10 }

  private func id(_ index: Int) -> ProcessID {
    ProcessID(pid: Int32(1000 + index), startTicks: UInt64(5000 + index))
  }

  private mutating func draw(_ bound: UInt64) -> UInt64 {
    random ^= random << 13
    random ^= random >> 7
    random ^= random << 17
    return random % bound
  }

  private mutating func fresh() -> SocketRow {
    var row = SocketRow()
    row.cookie = nextCookie
    let process = draw(UInt64(Self.processes))
    row.inode = (1000 + nextCookie) * UInt64(Self.processes) + process
    nextCookie += 1
    row.namespace = namespace
    row.uid = 1000
    row.knowledge = [.cookie, .tcpInfo, .cgroup]
    row.localAddress = IPAddress(ipv4: 0x0a00_0001 + UInt32(draw(4)))
    row.remoteAddress = IPAddress(ipv4: 0x0a01_0000 + UInt32(draw(2000)))
    return row
  }

  private mutating func connection(isNew: Bool) -> SocketRow {
    var row = fresh()
    let service = Self.service(of: row.inode)
    if draw(2) == 0 {
      row.localPort = UInt16(8000 + 2 * service) + UInt16(draw(2))
      row.remotePort = UInt16(20000 + draw(40000))
    } else {
      row.localPort = UInt16(32768 + draw(28000))
      row.remotePort = [443, 5432, 6379, 9092, 80][(service + Int(draw(2))) % 5]
    }
    let ago = isNew ? UInt32(draw(1000)) : UInt32(draw(300_000))
    row.lastDataSentMilliseconds = ago
    row.lastDataReceivedMilliseconds = ago
    row.lastAckReceivedMilliseconds = ago
    let share = draw(100)
    switch share {
    case 0..<70: row.state = .established
    case 70..<80:
      row.state = .timeWait
      row.inode = 0
      row.timer = .timeWait
      row.timerMilliseconds = isNew ? 60_000 : UInt32(draw(60_000))
      row.knowledge = [.cookie]
    case 80..<89:
      row.state = .closeWait
      row.receiveQueue = UInt32(draw(2))
    case 89..<94: row.state = .finWait2
    case 94..<96: row.state = .synRecv
    case 96..<98: row.state = .lastAck
    default: row.state = .synSent
    }
    if row.state == .synRecv || row.state == .lastAck { row.inode = 0 }
    return row
  }
}
