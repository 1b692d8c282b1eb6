// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import TestSupport
import Testing

@testable import LinuxHost

/// Who is looked at when there are more descriptors than a search may look at.
@Suite struct SearchSharesTests {
  /// A procfs with processes that have nothing but descriptors on sockets.
  private struct Processes {
    let directory = TemporaryDirectory()

    func add(_ pid: Int32, of user: UInt32, sockets: Range<Int>) throws {
      let path = "\(directory.path)/\(pid)"
      mkdir(path, 0o755)
      mkdir("\(path)/fd", 0o755)
      let rest = [String](repeating: "0", count: 45).joined(separator: " ")
      directory.write("\(pid)/stat", Array("\(pid) (some) S 1 \(rest)\n".utf8))
      for socket in sockets { symlink("socket:[\(socket)]", "\(path)/fd/\(socket)") }
      try #require(chown(path, user, 0) == 0)
    }

    func find(_ inode: UInt64, of entries: Int) -> HolderReport {
      var finder = HolderFinder(procRoot: directory.path)
      finder.bounds.descriptors = entries
      var search = HolderSearch()
      search.inodes = [inode]
      search.completeness = .everyHolder
      var sample = Sample(takenAt: BootInstant(seconds: 1), wallClockSeconds: 0, states: .all)
      sample.sockets = [SocketRow()]
      sample.sockets[0].inode = inode
      return finder.find(search, in: sample)
    }
  }

  @Test(.requires(.root))
  func `a user with descriptors without end hides nobody else's, and is named`() throws {
    let processes = Processes()
    for pid in Int32(10)..<40 { try processes.add(pid, of: 65534, sockets: 1000..<1100) }
    try processes.add(90, of: 33, sockets: 3..<13)
    try processes.add(91, of: 0, sockets: 20..<30)
    for (inode, pid) in [(UInt64(7), Int32(90)), (25, 91)] {
      let report = processes.find(inode, of: 1024)
      #expect(report.holders.map(\.process.pid) == [pid])
      #expect(!report.isComplete)
      let gap = try #require(report.gaps.first { $0.kind == .boundReached })
      #expect(gap.detail.hasSuffix("; user 65534 has most of what was"))
      #expect(gap.count > 15)
    }
    // With enough for all, everybody is looked at.
    let report = processes.find(7, of: 5000)
    #expect(report.isComplete || !report.gaps.contains { $0.kind == .boundReached })
  }

  @Test func `who has had more than others waits until they have had as much`() {
    var shares = SearchShares(of: 51_200)
    #expect(!shares.mustWait { 1 })
    shares.charge(150, to: 1)
    #expect(shares.mustWait { 1 } && !shares.mustWait { 2 } && !shares.mustWait { nil })
    shares.charge(99, to: 2)
    #expect(!shares.mustWait { 2 })
    shares.widen()
    #expect(!shares.mustWait { 1 })
    #expect(shares.largest == 1)
    shares.charge(60, to: 3)
    #expect(shares.largest == nil)
  }
}
