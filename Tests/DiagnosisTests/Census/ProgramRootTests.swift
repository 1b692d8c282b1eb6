// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@testable import Diagnosis

@Suite struct ProgramRootTests {
  /// A chain of processes, each the parent of the next, all `/usr/bin/python3`.
  private func root(ofLast images: [UInt64], executables: [String?]? = nil) -> Int32? {
    var table = ProcessTable()
    for (index, image) in images.enumerated() {
      var process = ProcessRecord(id: ProcessID(pid: Int32(100 + index), startTicks: UInt64(index)))
      process.parent = Int32(99 + index)
      process.executable = executables?[index] ?? "/usr/bin/python3"
      process.imageID = image
      table.update(process)
    }
    let last = table.index(pid: Int32(99 + images.count)) ?? -1
    return table[table.programRoot(of: last)]?.id.pid
  }

  @Test func `the root of a forked worker is the oldest process of its image`() {
    #expect(root(ofLast: [7, 7, 7]) == 100)
    #expect(root(ofLast: [7, 9, 9]) == 101)
  }

  @Test func `a service that a supervisor of the same executable has started is its own root`() {
    #expect(root(ofLast: [7, 9]) == 101)
  }

  @Test func `where no image is known, the executable decides`() {
    #expect(root(ofLast: [0, 0, 9]) == 100)
    #expect(root(ofLast: [0, 0], executables: ["/sbin/init", "/usr/bin/python3"]) == 101)
  }

  @Test func `a parent's pid that a younger process has now leads nowhere`() {
    var table = ProcessTable()
    for (pid, parent, start) in [(100, 1, 900), (101, 100, 500)] as [(Int32, Int32, UInt64)] {
      var process = ProcessRecord(id: ProcessID(pid: pid, startTicks: start))
      process.parent = parent
      process.imageID = 7
      table.update(process)
    }
    let child = table.index(pid: 101) ?? -1
    #expect(table.programRoot(of: child) == child)
  }
}
