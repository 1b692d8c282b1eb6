// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@testable import Diagnosis

struct ProcessTableTests {
  private func process(
    _ pid: Int32, parent: Int32 = 1, started: UInt64 = 100, executable: String? = "/usr/sbin/nginx"
  ) -> ProcessRecord {
    var record = ProcessRecord(id: ProcessID(pid: pid, startTicks: started))
    record.parent = parent
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

  @Test func `arguments that cannot be read this time leave the owner as it was`() throws {
    var table = ProcessTable()
    var record = process(7, executable: "/usr/bin/python3.11")
    record.runtime = .python
    record.imageID = 1000
    record.main = "app.py"
    table.update(record)
    let index = try #require(table.index(pid: 7))
    record.main = nil
    table.update(record)
    #expect(table[index]?.owner.name == "python3.11 app.py")
    record.main = "worker.py"
    table.update(record)
    #expect(table[index]?.owner.name == "python3.11 worker.py")
    // After execve(2) it runs something else.
    record.main = nil
    record.imageID = 2000
    table.update(record)
    #expect(table[index]?.owner.name == "python3.11")
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

  @Test func `the master of a pre-fork server is the root of its workers`() throws {
    var table = ProcessTable()
    table.update(process(10))
    table.update(process(11, parent: 10, started: 110))
    table.update(process(12, parent: 11, started: 120))
    table.update(process(13, parent: 10, started: 110, executable: "/usr/bin/php-fpm"))
    let master = try #require(table.index(pid: 10))
    #expect(table.programRoot(of: try #require(table.index(pid: 12))) == master)
    let other = try #require(table.index(pid: 13))
    #expect(table.programRoot(of: other) == other)
  }

  @Test func `a parent that is younger is a pid that came again`() throws {
    var table = ProcessTable()
    table.update(process(10, started: 500))
    table.update(process(11, parent: 10, started: 110))
    let child = try #require(table.index(pid: 11))
    #expect(table.programRoot(of: child) == child)
  }

  @Test func `parents in a circle end`() throws {
    var table = ProcessTable()
    table.update(process(10, parent: 11))
    table.update(process(11, parent: 10))
    _ = table.programRoot(of: try #require(table.index(pid: 10)))
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

  @Test func `a container is called by 12 digits of its id, or by its name`() {
    var record = process(7)
    record.container = "0123456789abcdef" + String(repeating: "f", count: 48)
    #expect(record.owner == Owner(.container, "0123456789ab"))
    #expect(record.containerID == record.container)
    record.container = "web-frontend"
    #expect(record.owner == Owner(.container, "web-frontend"))
    #expect(record.containerID == nil)
  }

  @Test func `an interpreter is told apart by what it runs`() {
    var record = process(7, executable: "/usr/bin/python3.11")
    record.main = "app.py"
    #expect(record.owner == Owner(.program, "python3.11 app.py"))
    record.command = "app.py"
    #expect(record.owner == Owner(.program, "python3.11 app.py"))
  }

  @Test func `a program that was replaced on disk keeps its name`() {
    #expect(process(7, executable: "/usr/sbin/nginx (deleted)").programName == "nginx")
    #expect(process(7, executable: nil).programName == "nginx")
  }
}
