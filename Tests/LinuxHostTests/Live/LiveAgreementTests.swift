// SPDX-License-Identifier: Apache-2.0

import KernelTables
import LinuxHost
import TestSupport
import Testing

/// The same namespace through closewatch, `ss -tanp` and `lsof`.
@Suite(.requires(.root, .networkNamespaces, .command("ss"), .command("lsof")))
struct LiveAgreementTests {
  @Test(arguments: LiveStateTests.scenarios, Lab.Path.allCases)
  func `ss shows the same rows with the same queues, inodes and cookies`(
    _ scenario: String, _ path: Lab.Path
  ) throws {
    try Lab.with(scenario, path, count: 7) { lab in
      var look = try LiveLook(at: lab)
      var statistics = try SocketStatistics.rows(inNamespaceOf: lab.pid)
      // A window probe can still take a few bytes: both must have seen the same moment.
      for _ in 0..<20 {
        let before = look.sample.sockets.map(\.sendQueue)
        try look.lookAgain()
        if look.sample.sockets.map(\.sendQueue) == before { break }
        statistics = try SocketStatistics.rows(inNamespaceOf: lab.pid)
      }
      var rows: [Key: SocketRow] = [:]
      for row in look.sample.sockets { rows[Key(row)] = row }
      #expect(rows.count == look.sample.sockets.count)
      #expect(statistics.count == rows.count)
      for line in statistics {
        // A peer of a dual-stack listener is `*` in ss, which stands for both families.
        let row = try #require(rows[Key(line)], "only in ss: \(Key(line))")
        #expect(row.inode == line.inode)
        #expect(row.cookie == line.cookie)
        #expect(row.receiveQueue == line.receiveQueue)
        #expect(row.sendQueue == line.sendQueue)
      }
    }
  }

  /// ss looks at `/proc/PID/fd` only: what it finds is true, and it misses threads with a table of
  /// their own, leaders that have exited, and io_uring.
  @Test(arguments: ["close-wait", "forked", "execed", "thread-table", "zombie-leader", "io-uring"])
  func `ss finds the holders that have an ordinary descriptor`(_ scenario: String) throws {
    try Lab.with(scenario, count: 7) { lab in
      var look = try LiveLook(at: lab)
      let report = look.findHolders(LabComparison(lab).search)
      let ordinary = report.holders.filter { $0.table == .process }.map {
        Lab.Holder(inode: $0.inode, pid: $0.process.pid, fd: $0.fd)
      }
      let statistics = try SocketStatistics.rows(inNamespaceOf: lab.pid)
      let found = statistics.reduce(into: Set<Lab.Holder>()) { $0.formUnion($1.holders) }
      #expect(Set(ordinary) == found)
    }
  }

  /// lsof goes from descriptors to rows: it can't show a row without a holder, and it does not look
  /// into threads here (`-K`) nor into io_uring.
  @Test(arguments: ["close-wait", "forked", "execed", "last-ack", "unaccepted", "io-uring"])
  func `lsof shows the rows that have an ordinary descriptor, in the same state`(
    _ scenario: String
  ) throws {
    try Lab.with(scenario, .mapped, count: 7) { lab in
      var look = try LiveLook(at: lab)
      let report = look.findHolders(LabComparison(lab).search)
      var rows: [UInt64: SocketRow] = [:]
      for row in look.sample.sockets where row.inode != 0 { rows[row.inode] = row }
      var expected: Set<OpenFileList> = []
      for holder in report.holders where holder.table == .process {
        let row = try #require(rows[holder.inode])
        expected.insert(
          OpenFileList(
            pid: holder.process.pid, fd: holder.fd, family: row.family, state: row.state,
            local: row.local, remote: row.remote))
      }
      #expect(expected.count > 4)
      #expect(Set(try OpenFileList.sockets(inNamespaceOf: lab.pid)) == expected)
    }
  }
}
