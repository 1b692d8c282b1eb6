// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import TestSupport
import Testing

@testable import LinuxHost

extension LiveProcessTests {
  @Suite struct HolderFinderTests {
    /// A sample with one row for each inode, as a dump taken now would have.
    private func sample(_ inodes: [UInt64], at instant: Double = 0) -> Sample {
      var sample = Sample(
        takenAt: BootInstant(seconds: instant), wallClockSeconds: 0, states: .all)
      sample.namespaces = [NamespaceSample(id: ownNamespace())]
      sample.sockets = inodes.map { inode in
        var row = SocketRow()
        row.inode = inode
        row.state = .closeWait
        return row
      }
      return sample
    }

    private func ownNamespace() -> NetnsID {
      var status = stat()
      stat("/proc/self/ns/net", &status)
      return NetnsID(rawValue: UInt32(status.st_ino))
    }

    /// Looks into this process first: the rest of the host can be large, and is not in the sample.
    private func search(_ inodes: [UInt64]) -> HolderSearch {
      var search = HolderSearch()
      search.likely = [getpid()]
      search.inodes = Set(inodes)
      return search
    }

    @Test func `every descriptor of this process is found under its own number`() throws {
      let connections = try HolderLab.inNamespace { try HolderLab.connections(17) }
      let fds = connections.flatMap { [$0.accepted, $0.connected] }
      defer { for fd in fds { close(fd) } }
      let inodes = fds.map(HolderLab.inode)
      var finder = HolderFinder()
      let report = finder.find(search(inodes), in: sample(inodes))
      #expect(Set(report.holders.map(\.fd)) == Set(fds))
      #expect(report.holders.count == 34)
      #expect(report.holders.allSatisfy { $0.process.pid == getpid() && $0.table == .process })
      for holder in report.holders { #expect(HolderLab.inode(of: holder.fd) == holder.inode) }
    }

    @Test func `a socket inherited by fork has two holders, and one when the parent closes it`()
      throws
    {
      let connection = try #require(
        try HolderLab.inNamespace { try HolderLab.connections(1) }.first)
      let child = try HolderLab.forkChild()
      defer { HolderLab.end(child) }
      let inode = HolderLab.inode(of: connection.accepted)
      var finder = HolderFinder()
      let both = finder.find(search([inode]), in: sample([inode]))
      #expect(Set(both.holders.map(\.process.pid)) == [getpid(), child])
      #expect(Set(both.holders.map(\.fd)) == [connection.accepted])
      let records = Dictionary(uniqueKeysWithValues: both.processes.map { ($0.id.pid, $0) })
      #expect(records[child]?.parent == getpid())
      close(connection.accepted)
      close(connection.connected)
      let one = finder.find(search([inode]), in: sample([inode]))
      #expect(one.holders.map(\.process.pid) == [child])
    }

    @Test func `a program that was started with the socket open holds it under its own name`()
      throws
    {
      let connection = try #require(
        try HolderLab.inNamespace { try HolderLab.connections(1) }.first)
      let child = try HolderLab.execChild(inheriting: connection.accepted)
      defer { HolderLab.end(child) }
      let inode = HolderLab.inode(of: connection.accepted)
      close(connection.accepted)
      close(connection.connected)
      var finder = HolderFinder()
      let report = finder.find(search([inode]), in: sample([inode]))
      #expect(report.holders.map(\.process.pid) == [child])
      let record = try #require(report.processes.first { $0.id.pid == child })
      #expect(record.command == "sleep")
      #expect(record.executable?.hasSuffix("/sleep") == true)
      #expect(record.runtime == .native)
      #expect(record.arguments == nil)
      // The parent's record comes with it.
      #expect(report.processes.contains { $0.id.pid == getpid() })
    }

    @Test func `arguments are read only when they are asked for`() throws {
      let child = try HolderLab.execChild()
      defer { HolderLab.end(child) }
      var search = HolderSearch()
      search.records = [child]
      search.arguments = true
      var finder = HolderFinder()
      let report = finder.find(search, in: sample([]))
      #expect(report.processes.first { $0.id.pid == child }?.arguments == ["sleep", "600"])
    }

    @Test func `a socket in flight has no holder and is counted`() throws {
      let connection = try #require(
        try HolderLab.inNamespace { try HolderLab.connections(1) }.first)
      defer { close(connection.connected) }
      let inode = HolderLab.inode(of: connection.accepted)
      var pair: [Int32] = [0, 0]
      try HolderLab.check(
        socketpair(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0, &pair), "socketpair")
      defer { for fd in pair { close(fd) } }
      try HolderLab.send(connection.accepted, over: pair[0])
      var finder = HolderFinder()
      // While it has a holder, nobody asks for what is in flight.
      let held = finder.find(search([inode]), in: sample([inode]))
      #expect(held.holders.map(\.fd) == [connection.accepted])
      #expect(held.descriptorsInFlight == 0)
      close(connection.accepted)
      let flying = finder.find(search([inode]), in: sample([inode]))
      #expect(flying.holders.isEmpty)
      // Others of the host may have some as well at this moment.
      #expect(try #require(flying.descriptorsInFlight) >= 1)
    }

    @Test func `a thread with a table of its own is found, and only for what its process lacks`()
      throws
    {
      let connections = try HolderLab.inNamespace { try HolderLab.connections(2) }
      var tell: [Int32] = [0, 0]
      var told: [Int32] = [0, 0]
      try HolderLab.check(pipe(&tell), "pipe")
      try HolderLab.check(pipe(&told), "pipe")
      defer { for fd in tell + told { close(fd) } }
      try HolderLab.unshareTable(tell: tell[1], told: told[0])
      var byte: UInt8 = 0
      _ = read(tell[0], &byte, 1)
      let kept = HolderLab.inode(of: connections[0].accepted)
      let left = HolderLab.inode(of: connections[1].accepted)
      close(connections[1].accepted)
      var finder = HolderFinder()
      let report = finder.find(search([kept, left]), in: sample([kept, left]))
      let process = report.holders.filter { $0.table == .process }
      #expect(process.map(\.inode) == [kept])
      let thread = report.holders.filter { $0.table != .process }
      #expect(thread.map(\.inode) == [left])
      #expect(thread.map(\.fd) == [connections[1].accepted])
      guard case .thread(let task)? = thread.first?.table else {
        Issue.record("not a thread's table")
        return
      }
      #expect(task != getpid())
      _ = write(told[1], &byte, 1)
      for connection in connections { close(connection.connected) }
      close(connections[0].accepted)
    }

    @Test(.requires(.root, .networkNamespaces))
    func `the owner behind 5,000 threads with own tables is named, or the gap names it`() throws {
      try Lab.with("thread-crowd", count: 5000) { lab in
        let row = try #require(lab.rows.first { $0.state == .closeWait })
        var finder = HolderFinder()
        var search = HolderSearch()
        search.inodes = [row.inode]
        let began = Clock.monotonicSeconds
        let report = finder.find(search, in: sample([row.inode]))
        let seconds = Clock.monotonicSeconds - began
        print("5,000 tables: \(seconds) s, \(report.holders.count) holder")
        let told = report.gaps.filter { $0.kind == .boundReached }.map(\.detail).joined()
        let isNamed = report.holders.contains { $0.process.pid == lab.pid }
        #expect(isNamed || told.contains("process \(lab.pid) has more threads"), "\(report.gaps)")
      }
    }

    @Test func `threads of a leader that has exited are looked at`() throws {
      let connection = try #require(
        try HolderLab.inNamespace { try HolderLab.connections(1) }.first)
      let child = try HolderLab.forkWithoutLeader()
      defer { HolderLab.end(child) }
      let inode = HolderLab.inode(of: connection.accepted)
      #expect(eventually { isZombie(child) })
      var finder = HolderFinder()
      let report = finder.find(search([inode]), in: sample([inode]))
      let held = report.holders.filter { $0.process.pid == child }
      #expect(held.map(\.fd) == [connection.accepted])
      guard case .thread? = held.first?.table else {
        Issue.record("not found in a thread: \(report.holders)")
        return
      }
      #expect(report.holders.contains { $0.process.pid == getpid() && $0.table == .process })
      close(connection.accepted)
      close(connection.connected)
    }

    @Test(.requires(.kernel(.ringNumbers)))
    func `a socket that only an io_uring holds is found under the ring's descriptor`() throws {
      let connection = try #require(
        try HolderLab.inNamespace { try HolderLab.connections(1) }.first)
      defer { close(connection.connected) }
      let inode = HolderLab.inode(of: connection.accepted)
      guard let ring = try HolderLab.ring(registering: connection.accepted) else {
        try Test.cancel("io_uring_setup is refused here")
      }
      defer { close(ring) }
      close(connection.accepted)
      var finder = HolderFinder()
      let report = finder.find(search([inode]), in: sample([inode]))
      #expect(report.holders.map(\.fd) == [ring])
      #expect(report.holders.map(\.table) == [.ioUring])
    }

    @Test func `one holder is enough when only the first is asked for`() throws {
      let connections = try HolderLab.inNamespace { try HolderLab.connections(5) }
      let child = try HolderLab.forkChild()
      defer { HolderLab.end(child) }
      let inodes = connections.map { HolderLab.inode(of: $0.accepted) }
      var search = search(inodes)
      search.completeness = .firstHolder
      search.likely = [child]
      var finder = HolderFinder()
      let report = finder.find(search, in: sample(inodes))
      #expect(report.holders.count == 5)
      #expect(report.holders.allSatisfy { $0.process.pid == child })
      #expect(!report.isComplete)
      for connection in connections {
        close(connection.accepted)
        close(connection.connected)
      }
      // The second time it is remembered, and seen again, although another is likelier.
      search.likely = [getpid()]
      let again = finder.find(search, in: sample(inodes))
      #expect(again.holders == report.holders)
    }

    @Test func `what was remembered and is closed now is not told`() throws {
      let connection = try #require(
        try HolderLab.inNamespace { try HolderLab.connections(1) }.first)
      let inode = HolderLab.inode(of: connection.accepted)
      var search = search([inode])
      search.completeness = .firstHolder
      var finder = HolderFinder()
      #expect(finder.find(search, in: sample([inode])).holders.count == 1)
      // Another file under the same number.
      dup2(0, connection.accepted)
      let report = finder.find(search, in: sample([inode]))
      #expect(report.holders.isEmpty)
      close(connection.accepted)
      close(connection.connected)
    }

    @Test func `a reset connection is told as dead once a later look lacks it too`() throws {
      let connections = try HolderLab.inNamespace { try HolderLab.connections(7) }
      for connection in connections { try HolderLab.reset(connection.connected) }
      let inodes = connections.map { HolderLab.inode(of: $0.accepted) }
      var search = HolderSearch()
      search.deadSockets = .of([getpid()])
      var finder = HolderFinder()
      let first = finder.find(search, in: sample([], at: 1e6))
      #expect(first.deadSockets.filter { inodes.contains($0.inode) }.isEmpty)
      #expect((first.gaps.first { $0.kind == .sourceLimited }?.count ?? 0) >= 7)
      // Taken before the descriptors were seen: it proves nothing.
      let stale = finder.find(search, in: sample([], at: 0))
      #expect(stale.deadSockets.isEmpty)
      let second = finder.find(search, in: sample([], at: 1e6))
      let deadSockets = second.deadSockets.filter { inodes.contains($0.inode) }
      #expect(Set(deadSockets.map(\.fd)) == Set(connections.map(\.accepted)))
      #expect(deadSockets.allSatisfy { $0.process.pid == getpid() })
      #expect(second.processes.contains { $0.id.pid == getpid() })
      for connection in connections { close(connection.accepted) }
    }

    @Test func `fresh rows tell dead sockets from new sockets in one look`() throws {
      let connections = try HolderLab.inNamespace { try HolderLab.connections(2) }
      try HolderLab.reset(connections[0].connected)
      let dead = HolderLab.inode(of: connections[0].accepted)
      let new = HolderLab.inode(of: connections[1].accepted)
      let newer = HolderLab.inode(of: connections[1].connected)
      var search = HolderSearch()
      search.deadSockets = .everywhere
      var finder = HolderFinder()
      let report = finder.find(search, in: sample([])) { [new, newer] }
      #expect(report.deadSockets.contains { $0.inode == dead && $0.fd == connections[0].accepted })
      #expect(!report.deadSockets.contains { $0.inode == new || $0.inode == newer })
      for fd in [connections[0].accepted, connections[1].accepted, connections[1].connected] {
        close(fd)
      }
    }

    @Test func `living sockets of a namespace that was not read are a gap, not dead`()
      throws
    {
      let connections = try HolderLab.inNamespace { try HolderLab.connections(11) }
      let inodes = Set(
        connections.flatMap { [$0.accepted, $0.connected] }.map { HolderLab.inode(of: $0) })
      var search = HolderSearch()
      search.deadSockets = .of([getpid()])
      for coversHost in [true, false] {
        var finder = HolderFinder()
        _ = finder.find(search, in: sample([], at: 1e6), coversHost: coversHost)
        let second = finder.find(search, in: sample([], at: 1e6), coversHost: coversHost)
        #expect(second.deadSockets.filter { inodes.contains($0.inode) } == [])
        #expect(!second.gaps.contains { $0.kind == .sourceLimited })
        #expect((second.gaps.first { $0.kind == .socketsUnlisted }?.count ?? 0) >= 22)
      }
      for connection in connections {
        close(connection.accepted)
        close(connection.connected)
      }
    }

    @Test func `a socket that was closed while the tables were read again is not told as dead`()
      throws
    {
      let connection = try #require(
        try HolderLab.inNamespace { try HolderLab.connections(1) }.first)
      let inode = HolderLab.inode(of: connection.accepted)
      var search = HolderSearch()
      search.deadSockets = .of([getpid()])
      var finder = HolderFinder()
      let report = finder.find(search, in: sample([])) {
        close(connection.accepted)
        return []
      }
      #expect(!report.deadSockets.contains { $0.inode == inode })
      close(connection.connected)
    }

    @Test func `no socket is told as dead from a look that did not ask for ESTABLISHED`() throws {
      let connection = try #require(
        try HolderLab.inNamespace { try HolderLab.connections(1) }.first)
      var search = HolderSearch()
      search.deadSockets = .of([getpid()])
      var look = sample([])
      look.states = .allButEstablished
      var finder = HolderFinder()
      let report = finder.find(search, in: look) { [] }
      #expect(report.deadSockets.isEmpty)
      #expect(report.gaps.contains { $0.kind == .sourceLimited })
      close(connection.accepted)
      close(connection.connected)
    }

    @Test func `no socket is told as dead of a process whose namespace was not read`() throws {
      let connection = try #require(
        try HolderLab.inNamespace { try HolderLab.connections(1) }.first)
      try HolderLab.reset(connection.connected)
      var search = HolderSearch()
      search.deadSockets = .of([getpid()])
      var look = sample([])
      look.namespaces = []
      // One that was not asked for is not missing.
      for coversHost in [true, false] {
        var finder = HolderFinder()
        let report = finder.find(search, in: look, coversHost: coversHost) { [] }
        #expect(report.deadSockets.isEmpty)
        #expect(report.gaps.map(\.kind).contains(.namespaceNotRead) == coversHost)
      }
      close(connection.accepted)
    }

    @Test func `a bound that is reached is a gap, and the report not complete`() throws {
      let connections = try HolderLab.inNamespace { try HolderLab.connections(11) }
      let inodes = connections.map { HolderLab.inode(of: $0.accepted) }
      var finder = HolderFinder()
      finder.bounds.descriptors = 3
      var search = search(inodes)
      search.likely = [getpid()]
      let report = finder.find(search, in: sample(inodes))
      #expect(report.holders.count < 11)
      #expect(!report.isComplete)
      #expect(report.gaps.contains { $0.kind == .boundReached })
      for connection in connections {
        close(connection.accepted)
        close(connection.connected)
      }
    }

    private func isZombie(_ pid: Int32) -> Bool {
      guard let bytes = try? readFile("/proc/\(pid)/stat") else { return false }
      return (try? ProcStat(bytes))?.isZombie == true
    }

    private func eventually(_ condition: () -> Bool) -> Bool {
      for _ in 0..<2000 {
        if condition() { return true }
        usleep(1000)
      }
      return false
    }
  }
}
