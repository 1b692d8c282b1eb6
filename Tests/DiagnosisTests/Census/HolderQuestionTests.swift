// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// Which sockets a daemon asks the holders of, in a cheap look and in one at everything.
@Suite struct HolderQuestionTests {
  /// A server with 5 stuck sockets, and a look that has found their holders.
  private func watched() -> (HostScript, Watch) {
    var host = HostScript()
    host.start("api", pid: 100, unit: "api.service")
    host.listen(8080, by: 100)
    host.add(at: stride(from: 10, through: 50, by: 10)) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second - 5)
        .enters(.closeWait, at: second, unread: 1)
    }
    var watch = Watch(settings: RuleSettings())
    let search = watch.advance(with: host.sample(at: 60))
    watch.attribute(host.report(to: search, at: 60), to: search)
    return (host, watch)
  }

  @Test func `a cheap look asks for nothing that is known, however long ago`() {
    var (host, watch) = watched()
    for second in stride(from: 70.0, through: 600, by: 10) {
      let search = watch.advance(
        with: host.sample(at: second), deadSockets: .none, learnOpeners: false)
      #expect(search.inodes.isEmpty, "\(second) s")
      watch.attribute(host.report(to: search, at: second), to: search)
    }
  }

  @Test func `a cheap look asks for one holder of what is new`() {
    var (host, watch) = watched()
    host.add(at: stride(from: 65, through: 65, by: 1)) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second - 5)
        .enters(.closeWait, at: second, unread: 1)
    }
    let search = watch.advance(with: host.sample(at: 400), deadSockets: .none, learnOpeners: false)
    // It is stuck, and every table is still not read for it.
    #expect(search.inodes.count == 1)
    #expect(search.completeness == .firstHolder)
  }

  @Test func `a look at everything asks again who else holds what is stuck`() {
    var (host, watch) = watched()
    let search = watch.advance(with: host.sample(at: 400), deadSockets: .everywhere)
    // The five, and the listener.
    #expect(search.inodes.count == 6)
    #expect(search.completeness == .everyHolder)
  }

  @Test func `who else holds what is stuck is asked again after the patience, not before`() {
    for (second, count) in [(179.0, 0), (181.0, 5)] {
      var (host, watch) = watched()
      let search = watch.advance(with: host.sample(at: second), deadSockets: .everywhere)
      #expect(search.inodes.count == count, "\(second) s")
    }
  }

  @Test func `listeners that come and go leave no process behind`() throws {
    var watch = Watch(settings: RuleSettings())
    for number in 1...500 {
      var sample = Sample(
        takenAt: BootInstant(seconds: Double(1000 + 10 * number)), wallClockSeconds: 0,
        states: .all)
      sample.namespaces = [NamespaceSample(id: HostScript.own)]
      var row = SocketRow()
      row.state = .listen
      row.namespace = HostScript.own
      row.knowledge = [.cookie]
      row.cookie = UInt64(number)
      row.inode = UInt64(number)
      row.localPort = 80
      sample.sockets = [row]
      let search = watch.advance(with: sample)
      let process = ProcessRecord(
        id: ProcessID(pid: Int32(number), startTicks: UInt64(number)))
      var report = HolderReport()
      report.processes = [process]
      report.holders = search.inodes.map {
        SocketHolder(inode: $0, process: process.id, fd: 3)
      }
      watch.attribute(report, to: search)
      _ = watch.judge()
    }
    // Forgotten every 64 looks.
    #expect(try #require(watch.census).processes.count <= 65)
  }

  @Test func `dead sockets that come and go leave no process behind`() throws {
    var watch = Watch(settings: RuleSettings())
    // Each process has a connection for three looks, then the descriptor on it for three.
    for look in 1...600 {
      var sample = Sample(
        takenAt: BootInstant(seconds: Double(1000 + 10 * look)), wallClockSeconds: 0,
        states: .all)
      sample.namespaces = [NamespaceSample(id: HostScript.own)]
      let number = look / 6
      let isAlive = look % 6 < 3
      if isAlive {
        var row = SocketRow()
        row.state = .established
        row.namespace = HostScript.own
        row.knowledge = [.cookie]
        row.cookie = UInt64(number + 1)
        row.inode = UInt64(number + 1)
        row.localPort = 40_000
        row.remotePort = 80
        sample.sockets = [row]
      }
      let search = watch.advance(with: sample)
      let process = ProcessRecord(
        id: ProcessID(pid: Int32(number + 1), startTicks: UInt64(number + 1)))
      var report = HolderReport()
      report.processes = [process]
      if isAlive {
        report.holders = search.inodes.map {
          SocketHolder(inode: $0, process: process.id, fd: 3)
        }
      } else {
        report.deadSockets = [
          DeadDescriptor(inode: UInt64(number + 1), process: process.id, fd: 3)
        ]
      }
      watch.attribute(report, to: search)
      _ = watch.judge()
    }
    let census = try #require(watch.census)
    #expect(census.deadSockets.departures.count > 90)
    #expect(census.holders.count <= 1)
  }
}
