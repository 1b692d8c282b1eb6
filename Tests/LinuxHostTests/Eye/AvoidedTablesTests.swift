// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import TestSupport
import Testing

@testable import LinuxHost

/// What is read of the tables of a namespace after one of their reads has hung.
@Suite struct AvoidedTablesTests {
  private func look(
    without step: EyeStep, in namespace: NetnsID, source: SampleRequest.Source = .auto
  ) throws -> Sample {
    var avoidance = EyeAvoidance(step: step, pid: 0)
    avoidance.namespace = namespace
    var host = LiveHost()
    host.avoid([avoidance])
    var request = SampleRequest()
    request.namespaces = .only("/proc/self/ns/net")
    request.source = source
    return try host.takeSample(request, by: .never)
  }

  private func ownNamespace() throws -> NetnsID {
    var status = stat()
    try #require(stat("/proc/self/ns/net", &status) == 0)
    return NetnsID(rawValue: UInt32(status.st_ino))
  }

  @Test func `without what waits for locks there are rows, and no ages`() throws {
    let listener = try Listener(backlog: 3)
    let own = try ownNamespace()
    let sample = try look(without: .details, in: own)
    let row = try #require(sample.sockets.first { $0.local.port == listener.port })
    #expect(row.cookie != 0 && row.knowledge.contains(.cookie))
    #expect(sample.sockets.allSatisfy { !$0.knowledge.contains(.tcpInfo) })
    let gap = try #require(sample.gaps.first { $0.kind == .callStuck })
    #expect(
      gap.detail
        == "sock_diag with tcp_info is avoided in network namespace \(own.rawValue): ages there are"
        + " unknown")
    let others = try look(without: .details, in: NetnsID(rawValue: 1))
    #expect(!others.gaps.contains { $0.kind == .callStuck })
  }

  @Test func `without sock_diag at all there is procfs, unless that is not wanted`() throws {
    let listener = try Listener(backlog: 3)
    let own = try ownNamespace()
    let sample = try look(without: .tables, in: own)
    #expect(sample.sockets.contains { $0.local.port == listener.port })
    #expect(sample.namespaces.map(\.source) == [.procNetTCP])
    let gap = try #require(sample.gaps.first { $0.kind == .callStuck })
    #expect(gap.detail.hasSuffix("\(own.rawValue); /proc/net/tcp was read instead"))
    #expect(throws: HostError.self) { try look(without: .tables, in: own, source: .netlink) }
  }

  /// A look at all namespaces after steps have hung on a process.
  private func lookAtAll(_ avoidances: EyeAvoidance...) throws -> Sample {
    var host = LiveHost()
    host.avoid(avoidances)
    return try host.takeSample(SampleRequest(), by: .never)
  }

  @Test(.requires(.root, .networkNamespaces), arguments: [EyeStep.namespaces, .entry])
  func `a namespace whose processes have links that hang is seen through their files`(
    _ step: EyeStep
  ) throws {
    try Lab.with("close-wait", count: 5) { lab in
      var everywhere = EyeAvoidance(step: step, pid: lab.pid)
      everywhere.isEverywhere = true
      for avoidance in [EyeAvoidance(step: step, pid: lab.pid), everywhere] {
        let sample = try lookAtAll(avoidance)
        let inodes = Set(sample.sockets.map(\.inode))
        for row in lab.rows where row.inode != 0 { #expect(inodes.contains(row.inode)) }
        let isTold = sample.gaps.contains { $0.kind == .callStuck }
        #expect(isTold == (step == .namespaces))
      }
      #expect(try lookAtAll(everywhere).namespaces.contains { $0.source == .procNetTCP })
    }
  }

  @Test func `of a process that hangs when it is identified nothing is read`() {
    var reader = ProcessReader(procRoot: "/proc")
    var gaps = GapTally()
    #expect(reader.record(pid: getpid(), arguments: false, gaps: &gaps) != nil)
    reader.avoided = AvoidedSteps([EyeAvoidance(step: .identity, pid: getpid())], procRoot: "/proc")
    #expect(reader.record(pid: getpid(), arguments: false, gaps: &gaps) == nil)
    #expect(gaps.gaps.map(\.kind) == [.callStuck])
  }
}
