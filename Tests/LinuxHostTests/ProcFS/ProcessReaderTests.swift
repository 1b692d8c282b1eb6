// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import TestSupport
import Testing

@testable import LinuxHost

extension LiveProcessTests {
  @Suite struct ProcessReaderTests {
    private func record(_ pid: Int32) -> (ProcessRecord?, [Gap]) {
      var reader = ProcessReader(procRoot: "/proc")
      var gaps = GapTally()
      return (reader.record(pid: pid, arguments: false, gaps: &gaps), gaps.gaps)
    }

    @Test func `this process is described as it knows itself`() throws {
      let (found, gaps) = record(getpid())
      let record = try #require(found)
      #expect(gaps.isEmpty)
      #expect(record.parent == getppid())
      #expect(record.uid == geteuid())
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(7), &limit)
      #expect(record.descriptorSoftLimit == UInt64(limit.rlim_cur))
      #expect(record.descriptorHardLimit == UInt64(limit.rlim_max))
      var status = stat()
      stat("/proc/self/ns/net", &status)
      #expect(record.namespace == NetnsID(rawValue: UInt32(status.st_ino)))
      #expect(record.executable?.hasPrefix("/") == true)
      #expect((record.descriptorCount ?? 0) >= 3)
      // The tests are a Swift program.
      #expect(record.runtime == .swift)
    }

    @Test func `fork keeps the image, exec makes another one, also of the same program`() throws {
      let own = try #require(record(getpid()).0)
      let fork = try HolderLab.forkChild()
      defer { HolderLab.end(fork) }
      let one = try HolderLab.execChild()
      defer { HolderLab.end(one) }
      let other = try HolderLab.execChild()
      defer { HolderLab.end(other) }
      let copy = try #require(record(fork).0)
      let (first, second) = (try #require(record(one).0), try #require(record(other).0))
      #expect(own.imageID != 0)
      #expect(copy.imageID == own.imageID)
      #expect(copy.sharesImage(with: own))
      #expect(first.executable != nil && first.executable == second.executable)
      #expect(Set([own, first, second].map(\.imageID)).count == 3)
      #expect(!first.sharesImage(with: own))
      #expect(!first.sharesImage(with: second))
    }

    @Test func `a process that a signal has stopped is known as such until it goes on`() throws {
      let child = try HolderLab.forkChild()
      defer { HolderLab.end(child) }
      for (signal, isStopped) in [(SIGSTOP, true), (SIGCONT, false)] {
        kill(child, signal)
        var read = try #require(record(child).0)
        for _ in 0..<200 where read.isStopped != isStopped {
          usleep(10_000)
          read = try #require(record(child).0)
        }
        #expect(read.isStopped == isStopped)
      }
    }

    @Test(.requires(.command("python3")))
    func `of an interpreter its script is known too, where only identities are asked for`() throws {
      let folder = TemporaryDirectory()
      folder.write("app.py", Array("import sys; print('up', flush=True); sys.stdin.read()".utf8))
      let program = try ChildProgram("python3", ["\(folder.path)/app.py", "--password=x"])
      _ = try program.readLine()
      let reader = ProcessReader(procRoot: "/proc")
      var gaps = GapTally()
      let directory = try ProcessDirectory(procRoot: "/proc", pid: program.pid)
      guard let stat = directory.identify(&gaps) else {
        Issue.record("it has gone")
        return
      }
      let record = reader.identity(directory, stat: stat, gaps: &gaps)
      #expect(record.main == "app.py")
      #expect(record.id.pid == program.pid && record.arguments == nil)
      program.end()
    }

    @Test func `the number of descriptors follows what is opened`() throws {
      let child = try HolderLab.forkChild()
      defer { HolderLab.end(child) }
      let before = try #require(record(child).0?.descriptorCount)
      let opened = (0..<13).map { _ in dup(0) }
      let other = try HolderLab.forkChild()
      defer { HolderLab.end(other) }
      for fd in opened { close(fd) }
      #expect(record(other).0?.descriptorCount == before + 13)
    }

    @Test func `a process cannot pretend to be another by its name`() throws {
      let name = "x) S 1\nUid:\t7"
      let child = try HolderLab.forkChild(named: name)
      defer { HolderLab.end(child) }
      var found = record(child).0
      for _ in 0..<2000 where found?.command != name {
        usleep(1000)
        found = record(child).0
      }
      #expect(found?.command == name)
      #expect(found?.parent == getpid())
      #expect(found?.uid == geteuid())
    }

    /// As a supervisor leaves it that does not reap, and a container without an init.
    @Test func `a process that has ended is none, though its parent has not taken note`() throws {
      let child = try HolderLab.forkChild()
      defer { HolderLab.end(child) }
      #expect(record(child).0 != nil)
      kill(child, SIGKILL)
      var status = siginfo_t()
      waitid(P_PID, UInt32(child), &status, WEXITED | WNOWAIT)
      let (found, gaps) = record(child)
      #expect(found == nil)
      #expect(gaps.isEmpty)
    }

    @Test func `a process whose first thread has exited lives`() throws {
      let child = try HolderLab.forkWithoutLeader()
      defer { HolderLab.end(child) }
      for _ in 0..<100 {
        usleep(1000)
        #expect(record(child).0?.id.pid == child)
      }
    }

    @Test func `a pid that nobody has gives nothing, and no gap`() {
      let (found, gaps) = record(Int32.max)
      #expect(found == nil)
      #expect(gaps.isEmpty)
    }

    @Test func `without rights, what is public is still known and the rest is nil`() throws {
      let found = try HolderLab.unprivileged { root in
        var reader = ProcessReader(procRoot: root)
        var gaps = GapTally()
        return reader.record(pid: 1, arguments: false, gaps: &gaps)
      }
      let record = try #require(found)
      #expect(record.uid == 0)
      #expect(record.descriptorSoftLimit != nil)
      #expect(record.executable == nil)
      #expect(record.imageID == 0)
      #expect(record.namespace == nil)
      #expect(record.runtime == .unknown)
    }

    @Test(.requires(.kernel(.descriptorCounts)))
    func `without rights, the number of descriptors is still known`() throws {
      let found = try HolderLab.unprivileged { root in
        var reader = ProcessReader(procRoot: root)
        var gaps = GapTally()
        return reader.record(pid: 1, arguments: false, gaps: &gaps)
      }
      #expect(found?.descriptorCount != nil)
    }

    @Test func `without rights, unreadable tables are counted`() throws {
      let child = try HolderLab.execChild()
      defer { HolderLab.end(child) }
      let report = try HolderLab.unprivileged { root in
        var search = HolderSearch()
        search.inodes = [1]
        var finder = HolderFinder(procRoot: root)
        return finder.find(
          search, in: Sample(takenAt: BootInstant(seconds: 0), wallClockSeconds: 0, states: .all))
      }
      let gap = try #require(report.gaps.first { $0.kind == .descriptorsUnreadable })
      // At least pid 1 and the child.
      #expect(gap.count >= 2)
      #expect(gap.detail.contains("Permission denied (EACCES)"))
      #expect(!report.isComplete)
      #expect(report.gaps.allSatisfy { $0.kind != .processesHidden })
    }

    @Test func `processes that hidepid hides are a gap`() throws {
      let report = try HolderLab.unprivileged(hidden: true) { root in
        var search = HolderSearch()
        search.inodes = [1]
        var finder = HolderFinder(procRoot: root)
        return finder.find(
          search, in: Sample(takenAt: BootInstant(seconds: 0), wallClockSeconds: 0, states: .all))
      }
      let gap = try #require(report.gaps.first { $0.kind == .processesHidden })
      // All of root's, not one for each look: pid 1, this one and its parent at least.
      #expect(gap.count >= 3)
      let others = try HolderLab.processes { $0 != 65534 }
      #expect(abs(gap.count - others) <= max(20, others / 4), "\(gap.count) of \(others)")
      #expect(!report.isComplete)
    }
  }
}
