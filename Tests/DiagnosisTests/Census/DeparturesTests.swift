// SPDX-License-Identifier: Apache-2.0

import KernelTables
import TestSupport
import Testing

@testable import Diagnosis

/// The proof that sockets get closed here is bounded, and says what it dropped.
struct DeparturesTests {
  private func key(_ port: UInt16) -> PortKey {
    var row = SocketRow()
    row.localPort = 40_000
    row.remotePort = port
    row.state = .closeWait
    return PortKey(
      Connection(row, at: HostScript.instant(0), age: .unknown, isFirstLook: false))
  }

  private func departure(_ second: Double, process: Int32 = 1) -> Departure {
    Departure(at: HostScript.instant(second), dwellSeconds: second, process: process)
  }

  private func found(_ log: DepartureLog, _ port: UInt16, since second: Double = 0) -> [Double] {
    log.departures(key(port), since: HostScript.instant(second)) { $0 == 1 }
      .newest.map(\.dwellSeconds).sorted()
  }

  @Test func `only those of the port, the time and the service are given`() {
    var log = DepartureLog()
    for second in [1.0, 2, 3] { log.record(departure(second), key: key(443)) }
    log.record(departure(4, process: 2), key: key(443))
    log.record(departure(5, process: -1), key: key(443))
    log.record(departure(6), key: key(444))
    #expect(found(log, 443) == [1, 2, 3, 5])
    #expect(found(log, 443, since: 2) == [2, 3, 5])
    #expect(found(log, 445) == [])
  }

  @Test func `the newest 256 of a port are kept`() {
    var log = DepartureLog()
    for second in 0..<1000 { log.record(departure(Double(second)), key: key(443)) }
    #expect(found(log, 443) == (744..<1000).map { Double($0) })
  }

  @Test func `beyond 1024 ports the one without news goes, and is counted`() {
    var log = DepartureLog()
    log.record(departure(0), key: key(1))
    log.record(departure(1), key: key(1))
    for port in UInt16(2)...1025 { log.record(departure(Double(port)), key: key(port)) }
    #expect(log.dropped == 2)
    #expect(found(log, 1) == [])
    #expect(found(log, 2) == [2])
    #expect(found(log, 1025) == [1025])
  }

  @Test func `of many ports each keeps the newest of each length, and all together a bound`() {
    var log = DepartureLog()
    func kept(_ port: UInt16) -> Departures {
      log.departures(key(port), since: HostScript.instant(0)) { _ in true }
    }
    func fill(_ port: UInt16) {
      for number in 0..<300 {
        for dwell in [1.0, 10, 1000] {
          log.record(
            Departure(
              at: HostScript.instant(Double(number)), dwellSeconds: dwell, process: Int32(port)),
            key: key(port))
        }
      }
    }
    fill(1)
    #expect(kept(1).newest.count == 256 && kept(1).long.count == 128)
    for port in UInt16(2)...372 { fill(port) }
    log.forget(before: HostScript.instant(0))
    let all = (UInt16(1)...372).map(kept)
    #expect(all.reduce(0) { $0 + $1.newest.count + $1.long.count } <= 131_072)
    for departures in all {
      #expect(departures.newest.count == 128)
      #expect(departures.newest.allSatisfy { $0.at >= HostScript.instant(257) })
      for dwell in [10.0, 1000] {
        let long = departures.long.filter { $0.dwellSeconds == dwell }.map(\.at)
        #expect(long.sorted() == (268..<300).map { HostScript.instant(Double($0)) })
      }
    }
    // Where ports have gone, the others keep more again, and still the newest.
    for port in UInt16(1)...360 { log.record(departure(100, process: 2), key: key(port)) }
    for port in UInt16(361)...372 { log.record(departure(400), key: key(port)) }
    log.forget(before: HostScript.instant(299))
    for second in 401..<800 { log.record(departure(Double(second)), key: key(372)) }
    #expect(found(log, 372) == (544..<800).map { Double($0) })
  }

  @Test func `a port where nothing has left for long is forgotten`() {
    var log = DepartureLog()
    log.record(departure(10), key: key(1))
    log.record(departure(20), key: key(2))
    log.forget(before: HostScript.instant(15))
    #expect(found(log, 1) == [])
    #expect(found(log, 2) == [20])
  }

  @Test func `of processes that only departures know, the newest 1024 are remembered`() throws {
    var census = Census(
      Sample(takenAt: HostScript.instant(0), wallClockSeconds: 0, states: .all), limit: 10)
    for number in 0..<2000 {
      let id = ProcessID(pid: Int32(number + 1), startTicks: 1)
      census.processes.update(ProcessRecord(id: id))
      var row = SocketRow()
      row.localPort = 40_000
      row.remotePort = UInt16(number / 200)
      row.state = .closeWait
      var connection = Connection(
        row, at: HostScript.instant(0), age: .unknown, isFirstLook: false)
      connection.opener = try #require(census.processes.index(of: id))
      census.recordDeparture(of: connection, at: HostScript.instant(Double(number)))
    }
    census.forgetOldProcesses()
    #expect(census.processes.count == 1024)
    #expect(census.processes.index(pid: 976) == nil)
    #expect(census.processes.index(pid: 977) != nil)
    let left = (UInt16(0)..<10).map { port in
      census.departures.departures(key(port), since: HostScript.instant(0)) { _ in true }.newest
        .count
    }
    #expect(left == [0, 0, 0, 0, 24, 200, 200, 200, 200, 200])
  }

  @Test func `how long sockets are in TIME_WAIT is nobody's pace`() {
    var census = Census(
      Sample(takenAt: HostScript.instant(0), wallClockSeconds: 0, states: .all), limit: 10)
    var row = SocketRow()
    row.state = .timeWait
    let connection = Connection(
      row, at: HostScript.instant(0), age: .unknown, isFirstLook: false)
    census.recordDeparture(of: connection, at: HostScript.instant(60))
    #expect(census.departures.lastDepartures.isEmpty)
  }
}
