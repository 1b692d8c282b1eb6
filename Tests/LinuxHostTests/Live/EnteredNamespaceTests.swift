// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import LinuxHost
import TestSupport
import Testing

/// Kernels before 4.19.48 and 5.1, on which `/proc/thread-self/net` goes on to show the namespace
/// where a thread looked first: a `/proc` in which it is one folder for good.
@Suite(.requires(.root, .networkNamespaces))
struct EnteredNamespaceTests {
  @Test(arguments: [SampleRequest.Source.auto, .proc])
  func `what proc shows of another namespace after setns is not taken for the one entered`(
    _ source: SampleRequest.Source
  ) throws {
    try Lab.with("close-wait", count: 7) { lab in
      let proc = try StaleProc(members: [lab.pid])
      var host = LiveHost(procRoot: proc.path)
      var request = SampleRequest()
      request.source = source
      let sample = try host.takeSample(request)
      var own = sample
      own.sockets = sample.sockets.filter { $0.namespace == lab.namespace }
      let table: TableSource = source == .proc ? .procNetTCP : .sockDiag
      #expect(LabComparison(lab).differences(of: own, from: table) == [])
      let entry = try #require(sample.namespaces.first { $0.id == lab.namespace })
      var facts = NamespaceFacts(procRoot: "/proc")
      // The other numbers are of the whole host, which does not stand still.
      let inUse = facts.sockStat(in: "/proc/\(lab.pid)/net")?.inUse ?? 0
      #expect(entry.sockstat.inUse == inUse && inUse > 7)
      #expect(entry.counters == facts.counters(in: "/proc/\(lab.pid)/net"))
      #expect(!sample.gaps.contains { $0.kind == .namespaceNotRead })
    }
  }

  @Test func `a namespace without a process is asked for its rows, and lacks counters`() throws {
    let scratch = try ScratchNamespace("alone")
    let listener = try scratch.run { try Listener(backlog: 8) }
    defer { withExtendedLifetime(listener) {} }
    let proc = try StaleProc(members: [])
    var host = LiveHost(procRoot: proc.path)
    host.namesDirectory = scratch.directory
    let sample = try host.takeSample(SampleRequest())
    #expect(sample.sockets.filter { $0.namespace == scratch.id }.count == 1)
    let entry = try #require(sample.namespaces.first { $0.id == scratch.id })
    #expect(entry.counters == TCPCounters())
    let gap = try #require(sample.gaps.first { $0.kind == .fileUnreadable })
    #expect(gap.detail.contains("is of another namespace after setns"))
  }
}

/// A `/proc` with the real files of some processes, and a `thread-self/net` that never changes.
private final class StaleProc {
  let path: String
  private let directory: TemporaryDirectory

  init(members: [Int32]) throws {
    directory = TemporaryDirectory()
    path = directory.path
    func link(_ target: String, _ name: String) throws {
      try HolderLab.check(symlink(target, "\(path)/\(name)"), "symlink \(name)")
    }
    func folder(_ name: String) throws {
      try HolderLab.check(mkdir("\(path)/\(name)", 0o755), "mkdir \(name)")
    }
    try link("/proc/sys", "sys")
    try folder("thread-self")
    try folder("thread-self/ns")
    try link("/proc/thread-self/ns/net", "thread-self/ns/net")
    // By its number the thread of this test, which never leaves its namespace.
    try link("/proc/\(getpid())/net", "thread-self/net")
    for member in members {
      try folder("\(member)")
      try link("/proc/\(member)/ns", "\(member)/ns")
      try link("/proc/\(member)/net", "\(member)/net")
    }
  }
}
