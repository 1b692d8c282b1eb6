// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@testable import Diagnosis

/// Who has a connection through exec, told by the image of its process.
@Suite struct InheritedImageTests {
  /// What differs between the worlds: a server listens on port 80, and one worker of the same
  /// executable holds 7 connections in CLOSE_WAIT that came through that port.
  private struct World {
    var serverImage: UInt64 = 7
    var workerImage: UInt64 = 9
    var workerExecutable = "/usr/bin/python3"
    var runtime = ProcessRuntime.python
    /// Ticks after boot; the server started at 1000, the first look is at 100 s.
    var workerStart: UInt64 = 2000
    var fd: Int32 = 9
    /// Whether the connections are made after the first look.
    var areNew = false
  }

  private func row(_ state: TCPState, _ inode: UInt64, remotePort: UInt16) -> SocketRow {
    var row = SocketRow()
    row.namespace = NetnsID(rawValue: 1)
    row.state = state
    row.inode = inode
    row.cookie = inode
    row.knowledge = [.cookie, .tcpInfo]
    row.localAddress = IPAddress(ipv4: 0x7f00_0001)
    row.remoteAddress = IPAddress(ipv4: 0x7f00_0001)
    row.localPort = 80
    row.remotePort = remotePort
    row.receiveQueue = state == .closeWait ? 1 : 0
    return row
  }

  private func process(
    _ pid: Int32, _ start: UInt64, parent: Int32, image: UInt64, _ executable: String
  ) -> ProcessRecord {
    var process = ProcessRecord(id: ProcessID(pid: pid, startTicks: start))
    process.parent = parent
    process.imageID = image
    process.executable = executable
    return process
  }

  private func isInherited(_ world: World) -> Bool {
    var settings = RuleSettings()
    settings.patienceSeconds = 5
    var watch = Watch(settings: settings)
    let stuck = (0..<7).map { row(.closeWait, 200 + $0, remotePort: UInt16(5000 + $0)) }
    let server = process(10, 1000, parent: 1, image: world.serverImage, "/usr/bin/python3")
    var worker = process(
      20, world.workerStart, parent: 10, image: world.workerImage, world.workerExecutable)
    worker.runtime = world.runtime
    for look in 0..<20 {
      var sample = Sample(
        takenAt: BootInstant(seconds: 100 + Double(look)), wallClockSeconds: 0, states: .all)
      sample.namespaces = [NamespaceSample(id: NetnsID(rawValue: 1))]
      sample.sockets = [row(.listen, 100, remotePort: 0)]
      if look > 0 || !world.areNew { sample.sockets += stuck }
      let search = watch.advance(with: sample)
      var report = HolderReport()
      report.isComplete = true
      report.processes = [server, worker]
      report.holders =
        [SocketHolder(inode: 100, process: server.id, fd: 3)]
        + (0..<7).map {
          SocketHolder(inode: 200 + $0, process: worker.id, fd: world.fd + Int32($0))
        }
      watch.attribute(report, to: search)
      _ = watch.judge()
    }
    let causes = watch.findings.compactMap(\.cause)
    #expect(causes.count == 1, "\(causes)")
    return causes == [.inheritedByChild]
  }

  @Test func `a copy of the program that was started anew has its connection through exec`() {
    #expect(isInherited(World()))
  }

  @Test func `a forked worker's connection is its own`() {
    #expect(!isInherited(World(workerImage: 7)))
  }

  @Test func `another executable has its connection through exec`() {
    #expect(isInherited(World(workerExecutable: "/usr/bin/sleep")))
  }

  @Test func `where an image is not known, the same executable is the same program`() {
    #expect(!isInherited(World(workerImage: 0)))
    #expect(!isInherited(World(serverImage: 0)))
  }

  @Test func `a worker that is older than the listening process inherited nothing from it`() {
    #expect(!isInherited(World(workerStart: 500)))
    #expect(!isInherited(World(workerExecutable: "/usr/sbin/old", workerStart: 500)))
  }

  @Test func `a connection that is younger than its holder was handed over`() {
    #expect(!isInherited(World(areNew: true)))
    // It started at 103 s: what was there then, it can have inherited.
    #expect(isInherited(World(workerStart: 10300, areNew: true)))
  }

  @Test func `a cluster of Node.js hands its connections over`() {
    #expect(!isInherited(World(runtime: .node)))
  }
}
