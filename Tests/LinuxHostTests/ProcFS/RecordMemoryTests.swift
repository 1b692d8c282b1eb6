// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import Testing

@testable import LinuxHost

/// What is told again of a process, and when it is read anew.
@Suite struct RecordMemoryTests {
  /// The record of a child that does nothing, and a memory that has just read it.
  private func withChild(
    _ body: (Int32, ProcessRecord, RecordMemory, _ start: BootInstant) throws -> Void
  ) throws {
    let child = try HolderLab.execChild()
    defer { HolderLab.end(child) }
    var reader = ProcessReader(procRoot: "/proc")
    var gaps = GapTally()
    var record = try #require(reader.record(pid: child, arguments: false, gaps: &gaps))
    let start = BootInstant(seconds: Double(record.id.startTicks) / 100)
    // As long as it lives: nothing that the kernel says.
    record.command = "from memory"
    var memory = RecordMemory()
    memory.keep([child: record], retold: [], at: start.advanced(bySeconds: 100))
    try body(child, record, memory, start)
  }

  @Test func `an old process is told again for a minute`() throws {
    try withChild { child, record, memory, start in
      for seconds in [100, 159.9] {
        let now = start.advanced(bySeconds: seconds)
        #expect(memory.record(of: child, procRoot: "/proc", at: now) == record)
      }
      let later = start.advanced(bySeconds: 160)
      #expect(memory.record(of: child, procRoot: "/proc", at: later) == nil)
    }
  }

  @Test func `what was told again is no fresher for it`() throws {
    try withChild { child, record, before, start in
      var memory = before
      memory.keep([child: record], retold: [child], at: start.advanced(bySeconds: 150))
      let now = start.advanced(bySeconds: 161)
      #expect(memory.record(of: child, procRoot: "/proc", at: now) == nil)
      memory.keep([child: record], retold: [], at: now)
      #expect(memory.record(of: child, procRoot: "/proc", at: now) == record)
    }
  }

  @Test func `a young process is read each time`() throws {
    try withChild { child, record, before, start in
      var memory = before
      let now = start.advanced(bySeconds: 59)
      memory.keep([child: record], retold: [], at: now)
      #expect(memory.record(of: child, procRoot: "/proc", at: now) == nil)
    }
  }

  @Test func `a stopped process is read each time`() throws {
    try withChild { child, record, before, start in
      var memory = before
      var stopped = record
      stopped.isStopped = true
      let now = start.advanced(bySeconds: 100)
      memory.keep([child: stopped], retold: [], at: now)
      #expect(memory.record(of: child, procRoot: "/proc", at: now) == nil)
    }
  }

  @Test func `another number of descriptors is a reason to read`() throws {
    try withChild { child, record, before, start in
      var memory = before
      let now = start.advanced(bySeconds: 110)
      var changed = record
      changed.descriptorCount = try #require(record.descriptorCount) + 1
      memory.keep([child: changed], retold: [], at: now)
      #expect(memory.record(of: child, procRoot: "/proc", at: now) == nil)
      changed.descriptorCount = nil
      memory.keep([child: changed], retold: [], at: now)
      #expect(memory.record(of: child, procRoot: "/proc", at: now) == nil)
    }
  }

  @Test func `a process that has ended, or was not in the newest search, is not told`() throws {
    try withChild { child, _, before, start in
      var memory = before
      let now = start.advanced(bySeconds: 110)
      #expect(memory.record(of: child, procRoot: "/nonexistent", at: now) == nil)
      #expect(memory.record(of: child, procRoot: "/proc", at: now) != nil)
      memory.keep([:], retold: [], at: now)
      #expect(memory.record(of: child, procRoot: "/proc", at: now) == nil)
    }
  }
}
