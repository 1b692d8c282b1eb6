// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import LinuxHost
import TestSupport
import Testing

/// Network namespaces: entered, left, and never kept.
@Suite(.requires(.root, .networkNamespaces))
struct LiveNamespaceTests {
  @Test func `a look at every namespace shows those of two laboratories apart`() throws {
    try Lab.with("close-wait", count: 7) { first in
      try Lab.with("established", .ipv6, count: 11) { second in
        var host = LiveHost()
        let sample = try host.takeSample(SampleRequest())
        for lab in [first, second] {
          var own = sample
          own.sockets = sample.sockets.filter { $0.namespace == lab.namespace }
          #expect(LabComparison(lab).differences(of: own, from: .sockDiag) == [])
          #expect(sample.namespaces.filter { $0.id == lab.namespace }.count == 1)
        }
        #expect(sample.namespaces.filter(\.isOwn).count == 1)
        #expect(Set(sample.namespaces.map(\.id)).count == sample.namespaces.count)
        // Rows of one namespace stand next to each other.
        let runs = zip(sample.sockets, sample.sockets.dropFirst()).filter {
          $0.namespace != $1.namespace
        }
        #expect(runs.count + 1 == Set(sample.sockets.map(\.namespace)).count)
      }
    }
  }

  @Test func `namespaces that appear and vanish do not disturb the others`() throws {
    try Lab.with("namespaces", count: 23) { lab in
      var host = LiveHost()
      var others: Set<NetnsID> = []
      // How fast they come depends on the machine: some must have, to disturb.
      for look in 0..<460 where look < 23 || others.count <= 3 {
        let sample = try host.takeSample(SampleRequest())
        var own = sample
        own.sockets = sample.sockets.filter { $0.namespace == lab.namespace }
        #expect(LabComparison(lab).differences(of: own, from: .sockDiag) == [])
        others.formUnion(sample.namespaces.map(\.id))
        // A namespace that is gone again is normal, not a gap.
        #expect(sample.gaps.filter { $0.kind == .namespaceNotRead } == [])
      }
      #expect(others.count > 3)
    }
  }

  @Test(arguments: [SampleRequest.Source.netlink, .proc])
  func `a namespace is not kept alive by looking at it`(_ source: SampleRequest.Source) throws {
    try Lab.with("veth", count: 7) { lab in
      let member = try #require(lab.foreignMember)
      var host = LiveHost()
      var request = SampleRequest()
      request.source = source
      request.namespaces = .only(String(member))
      let sample = try host.takeSample(request)
      #expect(sample.sockets.filter { $0.state == .listen }.count == 7)
      let answer = try #require(try lab.ask("end"))
      #expect(answer.hasPrefix("gone "), "the kernel has not destroyed the namespace: \(answer)")
      // The host lives until here: it had every opportunity to keep something.
      withExtendedLifetime(host) {}
    }
  }

  @Test(arguments: [SampleRequest.Source.netlink, .proc, .auto])
  func `the calling thread stays in its namespace`(_ source: SampleRequest.Source) throws {
    try Lab.with("established", count: 3) { lab in
      let before = ownNamespace()
      for namespaces in [SampleRequest.Namespaces.all, .only(String(lab.pid))] {
        var host = LiveHost()
        var request = SampleRequest()
        request.source = source
        request.namespaces = namespaces
        let sample = try host.takeSample(request)
        #expect(sample.namespaces.contains { $0.id == lab.namespace })
        #expect(ownNamespace() == before)
      }
      #expect(before != 0)
      #expect(before != UInt64(lab.namespace.rawValue))
    }
  }

  @Test func `namespaces without number end the look in time, ours first, and the rest is said`()
    throws
  {
    let one = try ScratchNamespace("one-of-many")
    var host = LiveHost()
    host.namesDirectory = one.directory
    let late = try host.takeSample(SampleRequest(), by: Clock.boot)
    #expect(late.namespaces.map(\.isOwn) == [true])
    let gap = try #require(late.gaps.first { $0.kind == .boundReached })
    #expect(gap.count >= 1)
    #expect(gap.detail == "network namespaces: the time was over before all were read")
    let whole = try host.takeSample(SampleRequest(), by: Clock.boot.advanced(bySeconds: 600))
    #expect(whole.namespaces.contains { $0.id == one.id })
    #expect(!whole.gaps.contains { $0.kind == .boundReached })
  }

  @Test func `a namespace that does not exist is one clear error`() throws {
    var host = LiveHost()
    var request = SampleRequest()
    for missing in ["no-such-namespace", "4194305", "/run/netns/no-such-namespace"] {
      request.namespaces = .only(missing)
      let error = #expect(throws: HostError.self) { try host.takeSample(request) }
      #expect(error?.description.contains(missing) == true)
    }
  }

  /// The inode of the calling thread's network namespace.
  private func ownNamespace() -> UInt64 {
    var status = stat()
    return stat("/proc/thread-self/ns/net", &status) == 0 ? UInt64(status.st_ino) : 0
  }
}
