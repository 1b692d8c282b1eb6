// SPDX-License-Identifier: Apache-2.0

import KernelTables
import LinuxHost
import TestSupport
import Testing

/// A host that does not stand still: two processes open and close connections all the time.
@Suite(.requires(.root, .networkNamespaces))
struct LiveChurnTests {
  @Test(arguments: [SampleRequest.Source.netlink, .proc])
  func `no socket that stays is missed, shown twice or given a false holder`(
    _ source: SampleRequest.Source
  ) throws {
    try Lab.with("churn", count: 997) { lab in
      let stable = Set(lab.rows.map(Key.init))
      let owners = Dictionary(grouping: lab.holders, by: \.inode)
      var passing = 0
      for _ in 0..<7 {
        var look = try LiveLook(at: lab, source)
        let keys = look.sample.sockets.map(Key.init)
        #expect(stable.subtracting(keys) == [])
        let seenStable = keys.filter(stable.contains)
        #expect(seenStable.count == stable.count)
        // A passing socket is one row too; netlink has the cookie to tell.
        if source == .netlink {
          #expect(Set(look.sample.sockets.map(\.cookie)).count == keys.count)
        }
        passing += keys.count - seenStable.count

        var search = HolderSearch()
        search.inodes = Set(look.sample.sockets.map(\.inode).filter { $0 != 0 })
        let report = look.findHolders(search)
        let wrong = report.holders.filter { holder in
          let found = Lab.Holder(
            inode: holder.inode, pid: holder.process.pid, fd: holder.fd, table: holder.table)
          return owners[holder.inode].map { !$0.contains(found) }
            ?? !lab.members.contains { $0.pid == holder.process.pid }
        }
        #expect(wrong == [])
        #expect(report.holders.filter { owners[$0.inode] != nil }.count == lab.holders.count)
      }
      // The churn was there to be seen: its two listeners alone would be 14.
      #expect(passing > 14)
    }
  }
}
