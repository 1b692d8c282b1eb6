// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import Synchronization
import TestSupport
import Testing

@testable import LinuxHost

/// Programs whose file is on a file system that has stopped answering.
@Suite(.requires(.root, .mountNamespaces, .fuse))
struct SilentFilesTests {
  private final class Reading: Sendable {
    let records = Mutex<[ProcessRecord?]?>(nil)
  }

  @Test func `a program whose file system is silent is read without waiting for it`() throws {
    let directory = TemporaryDirectory()
    let files = try ChildProgram(
      ChildProgram.built("SilentFiles"), [directory.path, "/bin/sleep"])
    // From FUSE itself, and from an overlay above it.
    let pids = try (0..<2).map { _ in try #require(Int32(files.readLine() ?? "")) }
    files.send("be silent")
    usleep(100_000)
    let reading = Reading()
    // A thread that waits for such a file cannot be ended but by ending the server.
    try BackgroundThread.start("reading") {
      var reader = ProcessReader(procRoot: "/proc")
      var gaps = GapTally()
      let records = pids.map { reader.record(pid: $0, arguments: true, gaps: &gaps) }
      reading.records.withLock { $0 = records }
    }
    for _ in 0..<1000 where reading.records.withLock({ $0 == nil }) { usleep(10_000) }
    let records = reading.records.withLock { $0 }
    files.end()
    let found = try #require(records, "still waiting after 10 s")
    #expect(
      found.map { $0?.executable }
        == ["files", "overlay"].map { "\(directory.path)/\($0)/program" }
    )
    #expect(found.map { $0?.runtime } == [.unknown, .unknown])
    #expect(found.map { $0?.arguments } == [["program", "600"], ["program", "600"]])
  }
}
