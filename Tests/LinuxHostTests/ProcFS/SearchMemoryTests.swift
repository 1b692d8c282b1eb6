// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@testable import LinuxHost

/// What one search for holders leaves for the next does not grow with what has come and gone.
struct SearchMemoryTests {
  private func process(_ pid: Int32) -> ProcessID { ProcessID(pid: pid, startTicks: 1) }

  @Test func `holders of connections that have gone are forgotten`() {
    var memory = HolderMemory()
    var most = 0
    for look in 0..<1000 {
      let inodes = (1...10).map { UInt64(10 * look + $0) }
      memory.keep(
        inodes.map { SocketHolder(inode: $0, process: process(7), fd: 3) }, wanted: Set(inodes))
      memory.forgetGone(from: .all, inodes)
      most = max(most, memory.count)
      #expect(inodes.allSatisfy { memory[$0] != nil })
    }
    #expect(most <= 2 * 10 + 256)
  }

  @Test func `a look without ESTABLISHED forgets nothing`() {
    var memory = HolderMemory()
    let inodes = (1...1000).map { UInt64($0) }
    memory.keep(
      inodes.map { SocketHolder(inode: $0, process: process(7), fd: 3) }, wanted: Set(inodes))
    memory.forgetGone(from: .allButEstablished, [])
    #expect(memory.count == 1000)
  }

  @Test func `suspects of processes that have ended are forgotten by a search of all`() {
    var memory = DeadDescriptorMemory()
    let old = DeadDescriptor(inode: 1, process: process(7), fd: 3)
    let new = DeadDescriptor(inode: 2, process: process(8), fd: 3)
    let start = BootInstant(seconds: 1000)
    memory.keep([old], examined: [7], at: start)
    memory.keep([new], examined: [8], at: start.advanced(bySeconds: 10))
    #expect(memory.isKnown(old, before: start.advanced(bySeconds: 20)))
    memory.keep([new], examined: nil, at: start.advanced(bySeconds: 20))
    #expect(memory.count == 1)
    #expect(memory.isKnown(new, before: start.advanced(bySeconds: 15)))
  }
}
