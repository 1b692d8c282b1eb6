// SPDX-License-Identifier: Apache-2.0

import KernelTables
import TestSupport
import Testing

@testable import Diagnosis

struct HolderMapTests {
  private func reference(_ process: Int32) -> HolderMap.Reference {
    HolderMap.Reference(process: process, fd: 7, table: .process)
  }

  @Test func `all holders are kept in their order`() {
    var map = HolderMap()
    map.record([reference(3), reference(1)], of: 9, at: HostScript.instant(0), isComplete: true)
    #expect(map.holders(of: 9) == [reference(3), reference(1)])
    #expect(map.first(of: 9) == reference(3))
    #expect(map.processes == [1, 3])
  }

  @Test func `inode 0 is nobody's`() {
    var map = HolderMap()
    map.record([reference(3)], of: 0, at: HostScript.instant(0), isComplete: true)
    #expect(map.holders(of: 0) == [])
  }

  @Test func `a later search replaces what was found`() {
    var map = HolderMap()
    map.record([reference(3), reference(1)], of: 9, at: HostScript.instant(0), isComplete: true)
    map.record([reference(2)], of: 9, at: HostScript.instant(10), isComplete: false)
    #expect(map.holders(of: 9) == [reference(2)])
    map.forget(9)
    #expect(map.holders(of: 9) == [])
    #expect(map.processes == [])
  }

  @Test func `found nobody is an answer only when everybody was asked`() {
    var map = HolderMap()
    let start = HostScript.instant(0)
    map.record([], of: 9, at: start, isComplete: false)
    #expect(!map.wasSearched(9, everywhere: false, since: start))
    map.record([], of: 9, at: start, isComplete: true)
    #expect(map.wasSearched(9, everywhere: true, since: start))
    map.record([reference(1)], of: 9, at: start, isComplete: false)
    #expect(map.wasSearched(9, everywhere: false, since: start))
    #expect(!map.wasSearched(9, everywhere: true, since: start))
    #expect(!map.wasSearched(9, everywhere: false, since: HostScript.instant(1e-9)))
    #expect(!map.wasSearched(8, everywhere: false, since: start))
  }
}
