// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// A host with two namespaces and eight sockets: a listener, a pair whose one end is CLOSE_WAIT,
/// connections elsewhere, a TIME_WAIT, a state without a name, a dead socket, a shared socket.
package enum SmallHost {
  package static let own = NetnsID(rawValue: 4_026_531_840)
  package static let other = NetnsID(rawValue: 4_026_532_201)
  package static let server = ProcessID(pid: 812, startTicks: 7100)
  package static let child = ProcessID(pid: 813, startTicks: 7200)
  package static let idle = ProcessID(pid: 814, startTicks: 7300)

  /// Looks a second apart.
  package static func looks(_ count: Int) -> [RecordedSample] {
    (0..<count).map { RecordedSample(sample: sample($0), report: report()) }
  }

  private static func sample(_ second: Int) -> Sample {
    var sample = Sample(
      takenAt: BootInstant(seconds: 5000 + Double(second)),
      wallClockSeconds: 1_700_000_000.25 + Double(second), states: .all)
    sample.host.bootID = "f00dfeed-0000-4000-8000-00000000acme"
    sample.host.kernelRelease = "6.18.44"
    var first = NamespaceSample(id: own)
    first.isOwn = true
    var second = NamespaceSample(id: other)
    second.name = "acme"
    second.memberPID = 814
    sample.namespaces = [first, second]
    sample.sockets = [
      row(1, .listen, "10.20.30.1", 443, "0.0.0.0", 0, inode: 101),
      row(2, .closeWait, "10.20.30.1", 443, "10.20.30.2", 5001, inode: 102),
      row(3, .finWait2, "10.20.30.2", 5001, "10.20.30.1", 443, inode: 103),
      row(4, .established, "10.20.30.1", 443, "10.20.30.9", 5002, inode: 104),
      row(5, .timeWait, "10.20.30.1", 443, "10.20.30.9", 5003, inode: 0),
      row(6, TCPState(rawValue: 14), "10.20.30.1", 443, "10.20.30.9", 5004, inode: 0),
      row(7, .listen, "127.0.0.1", 8080, "0.0.0.0", 0, inode: 105, in: other),
      row(8, .closeWait, "127.0.0.1", 8080, "127.0.0.1", 5005, inode: 106, in: other),
    ]
    sample.gaps = [Gap(.descriptorsUnreadable, count: 2, detail: "/opt/acme 10.20.30.1")]
    return sample
  }

  private static func row(
    _ cookie: UInt64, _ state: TCPState, _ local: String, _ localPort: UInt16, _ remote: String,
    _ remotePort: UInt16, inode: UInt64, in namespace: NetnsID = own
  ) -> SocketRow {
    var row = SocketRow()
    row.cookie = cookie
    row.knowledge = [.cookie, .tcpInfo]
    row.state = state
    row.localAddress = AddressText.parse(Array(local.utf8)[...]) ?? .anyIPv6
    row.remoteAddress = AddressText.parse(Array(remote.utf8)[...]) ?? .anyIPv6
    row.localPort = localPort
    row.remotePort = remotePort
    row.inode = inode
    row.namespace = namespace
    return row
  }

  private static func report() -> HolderReport {
    var report = HolderReport()
    report.isComplete = true
    report.holders = [
      SocketHolder(inode: 101, process: server, fd: 3),
      SocketHolder(inode: 102, process: server, fd: 4),
      SocketHolder(inode: 102, process: child, fd: 4),
      SocketHolder(inode: 103, process: child, fd: 5, table: .thread(820)),
      SocketHolder(inode: 104, process: server, fd: 6, table: .ioUring),
      SocketHolder(inode: 105, process: idle, fd: 3),
    ]
    report.deadSockets = [
      DeadDescriptor(inode: 201, process: child, fd: 9),
      DeadDescriptor(inode: 202, process: idle, fd: 9),
    ]
    report.processes = [server, child, idle].map { id in
      var process = ProcessRecord(id: id)
      process.parent = id == child ? server.pid : 1
      process.command = "worker"
      process.executable = "/opt/acme/worker"
      process.arguments = ["worker", "--password=hunter2"]
      process.imageID = id == idle ? 0x7ffd_0a00_2000 : 0x7ffc_1b00_1000
      process.namespace = id == idle ? other : own
      return process
    }
    report.gaps = [Gap(.processesHidden, count: 3, detail: "of 'acme'")]
    return report
  }
}
