// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables
import LinuxHost
import TestSupport
import Testing

/// What is seen of a namespace that holds a process and a listener, with fewer capabilities.
@Suite(.serialized, .requires(.networkNamespaces))
struct UnprivilegedTests {
  @Test func `without CAP_SYS_ADMIN a namespace is read through a process in it`() throws {
    let (scratch, row, sample) = try look(keeping: ~(1 << UInt64(CAP_SYS_ADMIN)))
    #expect(row.namespace == scratch.id)
    let entry = try #require(sample.namespaces.first { $0.id == scratch.id })
    #expect(entry.hasTrueID)
    #expect(entry.source == .procNetTCP)
    #expect(entry.sockstat.inUse == 1)
    #expect(entry.counters.listenOverflows == 0)
    #expect(!entry.settings.areRead)
    #expect(sample.gaps.contains { $0.kind == .sourceLimited && $0.count >= 1 })
  }

  @Test func `without any capability a namespace is still read and told apart`() throws {
    let (scratch, row, sample) = try look(keeping: 0)
    let entry = try #require(sample.namespaces.first { $0.id == row.namespace })
    #expect(!entry.hasTrueID)
    #expect(entry.id != scratch.id)
    #expect(entry.source == .procNetTCP)
    #expect(sample.namespaces.first { $0.isOwn }?.source == .sockDiag)
    #expect(sample.gaps.contains { $0.kind == .namespaceUnknown && $0.count >= 1 })
    #expect(Set(sample.namespaces.map(\.id)).count == sample.namespaces.count)
  }

  @Test func `without a process in it a namespace that cannot be entered is a gap`() throws {
    let scratch = try ScratchNamespace("closed")
    let sample = try sample(keeping: ~(1 << UInt64(CAP_SYS_ADMIN)), names: scratch.directory)
    #expect(!sample.namespaces.contains { $0.id == scratch.id })
    let gap = try #require(sample.gaps.first { $0.kind == .namespaceNotRead })
    #expect(
      gap.detail == "setns \(scratch.path): Operation not permitted (EPERM); "
        + "run with CAP_SYS_ADMIN to enter it")
  }

  @Test func `the source netlink alone does not read around a namespace it cannot enter`() throws {
    let scratch = try ScratchNamespace("closed")
    let child = try Sleeper(in: scratch)
    let listener = try scratch.run { try Listener(backlog: 5) }
    let sample = try sample(
      keeping: ~(1 << UInt64(CAP_SYS_ADMIN)), names: scratch.directory, source: .netlink)
    #expect(!sample.sockets.contains { $0.inode == listener.inode })
    #expect(sample.gaps.contains { $0.kind == .namespaceNotRead })
    withExtendedLifetime(child) {}
  }

  /// Takes a sample with a listener and a process in a namespace of their own.
  private func look(
    keeping mask: UInt64
  ) throws -> (ScratchNamespace, row: SocketRow, Sample) {
    let scratch = try ScratchNamespace("guarded")
    let child = try Sleeper(in: scratch)
    let listener = try scratch.run { try Listener(backlog: 5) }
    let sample = try sample(keeping: mask, names: "/nonexistent")
    let rows = sample.sockets.filter { $0.inode == listener.inode }
    #expect(rows.count == 1)
    withExtendedLifetime(child) {}
    return (scratch, try #require(rows.first), sample)
  }

  /// Takes a sample on a thread that keeps only these capabilities; the sampler's own thread is its
  /// child and has no more.
  private func sample(
    keeping mask: UInt64, names: String, source: SampleRequest.Source = .auto
  ) throws -> Sample {
    let result: Result<Sample, any Error> = try LookThread.run {
      Result {
        _ = try systemCall("capset", on: "thread") { closewatch_keep_capabilities(mask) }
        var host = LiveHost()
        host.namesDirectory = names
        var request = SampleRequest()
        request.source = source
        return try host.takeSample(request)
      }
    }
    return try result.get()
  }
}

/// A process that does nothing in a namespace, ended when it goes out of scope.
private final class Sleeper {
  let pid: pid_t

  init(in namespace: ScratchNamespace) throws {
    pid = try namespace.run {
      var pid = pid_t()
      var arguments = [strdup("sleep"), strdup("600"), nil]
      defer { arguments.forEach { free($0) } }
      let code = posix_spawn(&pid, "/bin/sleep", nil, nil, &arguments, nil)
      guard code == 0 else { throw SystemCallError("posix_spawn", on: "/bin/sleep", errno: code) }
      return pid
    }
  }

  deinit {
    kill(pid, SIGKILL)
    waitpid(pid, nil, 0)
  }
}
