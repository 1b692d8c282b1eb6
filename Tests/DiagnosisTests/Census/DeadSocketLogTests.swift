// SPDX-License-Identifier: Apache-2.0

import KernelTables
import TestSupport
import Testing

@testable import Diagnosis

/// Descriptors on dead sockets: who they were, since when, and that they are gone.
struct DeadSocketLogTests {
  private let process = ProcessID(pid: 100, startTicks: 1)

  private func deadSocket(_ inode: UInt64) -> (deadSocket: DeadDescriptor, process: Int32) {
    (DeadDescriptor(inode: inode, process: process, fd: 7), 0)
  }

  private func connection(_ inode: UInt64, lastSeen second: Double) -> Connection {
    var row = SocketRow()
    row.inode = inode
    row.state = .closeWait
    var connection = Connection(
      row, at: HostScript.instant(second), age: .unknown, isFirstLook: false)
    connection.opener = 0
    return connection
  }

  @Test func `a dead socket at the first search has no known beginning`() throws {
    var log = DeadSocketLog()
    _ = log.update([deadSocket(1)], at: HostScript.instant(10)) { _ in true }
    log.searchEnded(at: HostScript.instant(10), wasCut: false)
    _ = log.update([deadSocket(1), deadSocket(2)], at: HostScript.instant(20)) { _ in true }
    #expect(try #require(log.all[1]).isInherited)
    #expect(!(try #require(log.all[2]).isInherited))
    #expect(log.all[2]?.since == HostScript.instant(20))
  }

  @Test func `a dead socket knows the connection it was, and dates from when that was last seen`() {
    var log = DeadSocketLog()
    _ = log.connectionGone(connection(1, lastSeen: 5))
    let (gone, _) = log.update([deadSocket(1)], at: HostScript.instant(20)) { _ in true }
    #expect(gone.isEmpty)
    #expect(log.all[1]?.connection?.state == .closeWait)
    #expect(log.all[1]?.since == HostScript.instant(5))
    #expect(log.unresolved.isEmpty)
  }

  @Test
  func `a dead socket that is found before its row counts as gone is told its connection then`() {
    var log = DeadSocketLog()
    _ = log.update([deadSocket(1)], at: HostScript.instant(10)) { _ in true }
    _ = log.connectionGone(connection(1, lastSeen: 5))
    _ = log.update([deadSocket(1)], at: HostScript.instant(20)) { _ in true }
    #expect(log.all[1]?.connection?.state == .closeWait)
    #expect(log.all[1]?.since == HostScript.instant(5))
  }

  @Test func `while some could not be proved dead nothing is closed but what was known as dead`() {
    var log = DeadSocketLog()
    _ = log.update([deadSocket(2)], at: HostScript.instant(10)) { _ in true }
    _ = log.connectionGone(connection(1, lastSeen: 5))
    let (gone, closed) = log.update([], at: HostScript.instant(20), provesGone: false) { _ in true }
    #expect(gone.isEmpty)
    #expect(closed.map(\.inode) == [2])
    #expect(log.unresolved.keys.sorted() == [1])
  }

  @Test func `a connection whose socket is not found dead was closed`() {
    var log = DeadSocketLog()
    _ = log.connectionGone(connection(1, lastSeen: 5))
    let (gone, _) = log.update([], at: HostScript.instant(20)) { _ in true }
    #expect(gone.map(\.inode) == [1])
    #expect(log.unresolved.isEmpty)
  }

  @Test func `a process that was not searched proves nothing`() {
    var log = DeadSocketLog()
    _ = log.update([deadSocket(1)], at: HostScript.instant(10)) { _ in true }
    _ = log.connectionGone(connection(2, lastSeen: 5))
    let (gone, _) = log.update([], at: HostScript.instant(20)) { _ in false }
    #expect(gone.isEmpty)
    #expect(log.all[1] != nil)
    #expect(log.unresolved[2] != nil)
    #expect(log.departures == [])
  }

  @Test func `a dead socket that was closed is a departure with its dwell`() {
    var log = DeadSocketLog()
    _ = log.update([deadSocket(1)], at: HostScript.instant(10)) { _ in true }
    let (gone, closed) = log.update([], at: HostScript.instant(40)) { _ in true }
    #expect(gone.isEmpty)
    #expect(closed.map(\.inode) == [1])
    #expect(log.all.isEmpty)
    #expect(
      log.departures == [
        Departure(at: HostScript.instant(40), dwellSeconds: 30, process: 0)
      ])
  }

  @Test func `at most 65,536 are remembered, and at most 1,024 departures`() {
    var log = DeadSocketLog()
    let many = (1...70_001).map { deadSocket(UInt64($0)) }
    _ = log.update(many, at: HostScript.instant(10)) { _ in true }
    #expect(log.all.count == 65_536)
    for inode in 1...70_001 {
      #expect(log.connectionGone(connection(UInt64(inode), lastSeen: 5)) == (inode <= 65_536))
    }
    #expect(log.unresolved.count == 65_536)
    _ = log.update([], at: HostScript.instant(20)) { _ in true }
    #expect(log.departures.count <= 1024)
    #expect(log.departures.count >= 512)
  }
}
