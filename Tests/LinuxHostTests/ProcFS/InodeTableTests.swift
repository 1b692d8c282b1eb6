// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LinuxHost

@Suite struct InodeTableTests {
  @Test func `what was inserted is known, what was wanted is wanted, the rest is absent`() {
    var table = InodeTable(capacity: 4)
    for inode in 1...1009 as ClosedRange<UInt64> { table.insert(inode * 3) }
    for inode in 1...101 as ClosedRange<UInt64> { table.want(inode * 3) }
    for inode in 1...3027 as ClosedRange<UInt64> {
      let expected: InodeTable.Entry =
        inode % 3 != 0 ? .absent : inode <= 303 ? .wanted : .known
      #expect(table.entry(inode) == expected, "\(inode)")
    }
    #expect(table.unresolved == 101)
  }

  @Test func `an inode is settled once, and only when it was wanted`() {
    var table = InodeTable(capacity: 4)
    table.want(7)
    table.want(7)
    table.want(UInt64.max)
    table.insert(9)
    #expect(table.unresolved == 2)
    table.settle(9)
    table.settle(8)
    #expect(table.unresolved == 2)
    table.settle(7)
    table.settle(7)
    #expect(table.unresolved == 1)
    #expect(!table.isUnresolved(7))
    #expect(table.isUnresolved(.max))
    #expect(table.entry(7) == .wanted)
  }

  @Test func `runs of inodes, as processes have them, stay apart while it grows`() {
    var table = InodeTable(capacity: 0)
    let starts = (0..<64 as Range<UInt64>).map { $0 &* 0x2_0000_0003 &+ 5 }
    for start in starts {
      for inode in start..<start + 100 { table.want(inode) }
    }
    #expect(table.unresolved == 6400)
    for start in starts {
      #expect(table.entry(start - 1) == .absent)
      #expect(table.entry(start + 100) == .absent)
      for inode in start..<start + 100 { table.settle(inode) }
    }
    #expect(table.unresolved == 0)
  }

  @Test func `inode 0 is no socket`() {
    var table = InodeTable(capacity: 4)
    table.want(0)
    table.insert(0)
    #expect(table.unresolved == 0)
    #expect(table.entry(0) == .absent)
  }
}
