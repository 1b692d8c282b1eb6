// SPDX-License-Identifier: Apache-2.0

import KernelTables
import LinuxHost
import TestSupport
import Testing

/// Who holds a socket, in every way in which a process can.
@Suite(.requires(.root, .networkNamespaces))
struct LiveHolderTests {
  @Test(arguments: [
    "established", "close-wait", "last-ack", "closing", "unaccepted", "forked", "execed",
    "in-flight", "thread-table", "zombie-leader",
  ])
  func `every holder is found, once, and no other`(_ scenario: String) throws {
    try expectEveryHolder(of: scenario)
  }

  @Test(.requires(.kernel(.ringNumbers)))
  func `every holder is found where an io_uring is one, once, and no other`() throws {
    try expectEveryHolder(of: "io-uring")
  }

  private func expectEveryHolder(of scenario: String) throws {
    try Lab.with(scenario, count: 11) { lab in
      var look = try LiveLook(at: lab)
      let comparison = LabComparison(lab)
      let report = look.findHolders(comparison.search)
      #expect(lab.holders.count > 1)
      #expect(comparison.differences(of: report) == [])
      // Where even root may not read some foreign process, that is what makes it incomplete.
      #expect(report.isComplete == !report.gaps.contains { $0.kind == .descriptorsUnreadable })
      #expect(report.gaps.allSatisfy { $0.kind == .descriptorsUnreadable }, "\(report.gaps)")
    }
  }

  @Test(arguments: ["forked", "execed"])
  func `an inherited socket is shown with its parent, its name and its start`(
    _ scenario: String
  ) throws {
    try Lab.with(scenario, count: 7) { lab in
      var look = try LiveLook(at: lab)
      let report = look.findHolders(LabComparison(lab).search)
      let member = try #require(lab.members.first)
      let child = try #require(report.processes.first { $0.id.pid == member.pid })
      let parent = try #require(report.processes.first { $0.id.pid == lab.pid })
      #expect(child.command == (scenario == "forked" ? "lab-child" : "lab-helper"))
      #expect(child.parent == lab.pid)
      #expect(child.namespace == lab.namespace)
      #expect(parent.command == "SocketLab")
      #expect(parent.executable == ChildProgram.built("SocketLab"))
      #expect(parent.uid == 0)
      #expect(child.id.startTicks >= parent.id.startTicks)
      let starts = Set(report.holders.map(\.process))
      #expect(starts == [child.id, parent.id])
    }
  }

  @Test(.requires(.kernel(.inFlightCounts)))
  func `what is in flight between processes has no holder and is counted`() throws {
    try Lab.with("in-flight", count: 23) { lab in
      var look = try LiveLook(at: lab)
      let search = LabComparison(lab).search
      let report = look.findHolders(search)
      #expect(search.inodes.count == 23 + 23 + 1)
      #expect(Set(report.holders.map(\.inode)).count == 23 + 1)
      // Of the whole host: other tests can have some too.
      #expect(lab.descriptorsInFlight == 23)
      #expect((report.descriptorsInFlight ?? 0) >= 23)
    }
  }

  @Test(arguments: Lab.Path.allCases)
  func `dead sockets of every kind are found`(_ path: Lab.Path) throws {
    try Lab.with("dead-sockets", path, count: 7) { lab in
      var look = try LiveLook(at: lab)
      var search = HolderSearch()
      search.deadSockets = .everywhere
      // One look does: it fetches newer rows to tell dead sockets from new ones.
      let first = look.findHolders(search)
      #expect(LabComparison(lab).deadSocketDifferences(of: first) == [], "\(first.gaps)")
      try look.lookAgain()
      let report = look.findHolders(search)
      #expect(lab.deadSockets.count == 7 * 7)
      #expect(LabComparison(lab).deadSocketDifferences(of: report) == [], "\(report.gaps)")
    }
  }

  @Test func `living sockets of a process are not told as dead`() throws {
    try Lab.with("close-wait", count: 7) { lab in
      var look = try LiveLook(at: lab)
      var search = HolderSearch()
      search.deadSockets = .of([lab.pid])
      #expect(LabComparison(lab).deadSocketDifferences(of: look.findHolders(search)) == [])
      try look.lookAgain()
      #expect(LabComparison(lab).deadSocketDifferences(of: look.findHolders(search)) == [])
    }
  }

  @Test func `the first holder of each socket is a true one`() throws {
    try Lab.with("forked", count: 23) { lab in
      var look = try LiveLook(at: lab)
      var search = LabComparison(lab).search
      search.completeness = .firstHolder
      let report = look.findHolders(search)
      let found = report.holders.map {
        Lab.Holder(inode: $0.inode, pid: $0.process.pid, fd: $0.fd, table: $0.table)
      }
      #expect(Set(found).isSubset(of: Set(lab.holders)))
      #expect(Set(found.map(\.inode)) == search.inodes)
    }
  }

  /// No file of `/proc` tells such a socket from a dead one: it is asked itself.
  @Test(arguments: [true, false], [true, false])
  func `a living socket of a namespace that was not read is not told as dead`(
    ofHost: Bool, atOnce: Bool
  ) throws {
    try Lab.with("foreign", count: 7) { lab in
      var host = LiveHost()
      host.tellsDeadSocketsAtOnce = atOnce
      var request = SampleRequest()
      if !ofHost { request.namespaces = .only(String(lab.pid)) }
      var search = HolderSearch()
      search.deadSockets = .everywhere
      var told: [DeadDescriptor] = []
      var living = 0
      for _ in 0..<3 {
        _ = try host.takeSample(request)
        let report = host.findHolders(search)
        told += report.deadSockets.filter { $0.process.pid == lab.pid }
        living = report.gaps.first { $0.kind == .socketsUnlisted }?.count ?? 0
      }
      #expect(lab.foreign.count == 14)
      #expect(told == [])
      #expect(living >= 14)
    }
  }
}
