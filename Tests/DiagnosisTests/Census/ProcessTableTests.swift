// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@testable import Diagnosis

@Suite struct ProcessTableTests {
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

  private func process(
    _ pid: Int32, started: UInt64 = 100, executable: String? = "/usr/sbin/nginx"
  ) -> ProcessRecord {
    var record = ProcessRecord(id: ProcessID(pid: pid, startTicks: started))
    record.executable = executable
    record.command = "nginx"
    return record
  }

  @Test func `a pid that comes again is a new process, and the old one stays`() throws {
    var table = ProcessTable()
    table.update(process(7, started: 100))
    let first = try #require(table.index(pid: 7))
    table.update(process(7, started: 200))
    let second = try #require(table.index(pid: 7))
    #expect(first != second)
    #expect(table[first]?.id.startTicks == 100)
    #expect(table.index(of: ProcessID(pid: 7, startTicks: 100)) == first)
    #expect(table.count == 2)
  }

  @Test func `what nothing refers to is forgotten, and its place used again`() throws {
    var table = ProcessTable()
    for pid in Int32(1)...10 { table.update(process(pid)) }
    let seventh = try #require(table.index(pid: 7))
    table.keepOnly([seventh])
    #expect(table.count == 1)
    #expect(table.index(pid: 3) == nil)
    #expect(table[seventh]?.id.pid == 7)
    table.update(process(11))
    #expect(try #require(table.index(pid: 11)) < 10)
    #expect(table[-1] == nil)
  }

  @Test func `an owner is the unit, else the container, else the program`() {
    var record = process(7)
    #expect(record.owner == Owner(.program, "nginx"))
    record.container = "0123abcd"
    #expect(record.owner == Owner(.container, "0123abcd"))
    record.unit = "user@1000.service"
    #expect(record.owner == Owner(.container, "0123abcd"))
    record.unit = "session-3.scope"
    #expect(record.owner == Owner(.container, "0123abcd"))
    record.unit = "nginx.service"
    #expect(record.owner == Owner(.unit, "nginx.service"))
  }

  @Test func `a program that was replaced on disk keeps its name`() {
    #expect(process(7, executable: "/usr/sbin/nginx (deleted)").programName == "nginx")
    #expect(process(7, executable: nil).programName == "nginx")
  }
}
