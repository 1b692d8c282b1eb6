// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxHost
import TestSupport
import Testing

/// Whether who wrote an entry is still there.
@Suite struct JournalWriterTests {
  @Test func `a process that lives is there by its number and its name`() throws {
    let program = try ChildProgram("sleep", ["60"])
    // Between fork and exec it has the name of the tests.
    for _ in 0..<500 where JournalWriter.isGone(pid: program.pid, command: "sleep") {
      usleep(10_000)
    }
    #expect(!JournalWriter.isGone(pid: program.pid, command: "sleep"))
    #expect(!JournalWriter.isGone(pid: program.pid, command: nil))
    // In a container the journal's numbers are not ours: nothing is known there.
    let isKnown = !HostSightProbe.isInOwnPIDNamespace()
    #expect(JournalWriter.isGone(pid: program.pid, command: "closewatch") == isKnown)
    kill(program.pid, SIGKILL)
    program.end()
    #expect(JournalWriter.isGone(pid: program.pid, command: nil) == isKnown)
  }
}
