// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import TestSupport
import Testing

@testable import LinuxHost

/// Real MPTCP sockets, in a namespace of their own.
@Suite(.requires(.root, .networkNamespaces, .mptcp))
struct LiveMPTCPTests {
  private static let mptcp = Int32(InetDiagLayout.transportMPTCP)

  /// What a look shows of the namespace of the calling thread, when it shows `isReady`.
  private static func look(
    _ source: SampleRequest.Source = .netlink, until isReady: ([SocketRow]) -> Bool = { _ in true }
  ) throws -> (rows: [SocketRow], gaps: [Gap]) {
    var request = SampleRequest()
    request.source = source
    request.namespaces = .only("/proc/thread-self/ns/net")
    for _ in 0..<100 {
      var host = LiveHost()
      let sample = try host.takeSample(request)
      if isReady(sample.sockets) { return (sample.sockets, sample.gaps) }
      usleep(20_000)
    }
    throw HolderLab.Failure(text: "the sockets did not come into their states in 2 s")
  }

  private static func close(_ connections: [HolderLab.Connection]) {
    for connection in connections { Glibc.close(connection.accepted) }
  }

  @Test func `a connection that its peer has closed is one row, in CLOSE_WAIT`() throws {
    try HolderLab.inNamespace {
      let connections = try HolderLab.connections(7, over: Self.mptcp)
      defer { Self.close(connections) }
      #expect(try Self.look().rows.allSatisfy { $0.state == .established })
      for connection in connections { Glibc.close(connection.connected) }
      let look = try Self.look { $0.count { $0.state == .closeWait } == 7 }
      let inodes = Set(connections.map { HolderLab.inode(of: $0.accepted) })
      let closed = look.rows.filter { $0.state == .closeWait }
      #expect(Set(closed.map(\.inode)) == inodes)
      for row in closed {
        #expect(row.knowledge.contains(.mptcp) && row.cookie == 0)
        #expect(row.age().bound == .unknown)
      }
      // And their peers wait, held by nobody. Neither has its subflow beside it.
      #expect(look.rows.count { $0.state == .finWait2 && $0.isOrphan } == 7)
      #expect(look.rows.count == 14)
      #expect(!look.gaps.contains { $0.kind == .mptcpUnread })
    }
  }

  /// As a Go server listens by default, and as a client that speaks MPTCP meets an old server.
  @Test(arguments: [true, false])
  func `a connection that speaks TCP after all is the row of TCP`(isOfferedByServer: Bool) throws {
    try HolderLab.inNamespace {
      let mptcp = try HolderLab.connections(1, over: Self.mptcp)
      let connections = try HolderLab.connections(
        3, over: isOfferedByServer ? Self.mptcp : 0, from: isOfferedByServer ? 0 : Self.mptcp)
      let kept = connections.map { isOfferedByServer ? $0.accepted : $0.connected }
      for connection in connections {
        Glibc.close(isOfferedByServer ? connection.connected : connection.accepted)
      }
      defer {
        Self.close(mptcp)
        Glibc.close(mptcp[0].connected)
        for fd in kept { Glibc.close(fd) }
      }
      let look = try Self.look { $0.count { $0.state == .closeWait } == 3 }
      let closed = look.rows.filter { $0.state == .closeWait }
      #expect(Set(closed.map(\.inode)) == Set(kept.map(HolderLab.inode)))
      #expect(closed.allSatisfy { $0.knowledge.contains([.cookie, .tcpInfo]) })
    }
  }

  @Test func `where only /proc is read, a gap says how many MPTCP sockets may wait to be closed`()
    throws
  {
    try HolderLab.inNamespace {
      let connections = try HolderLab.connections(3, over: Self.mptcp)
      defer { Self.close(connections) }
      for connection in connections { Glibc.close(connection.connected) }
      _ = try Self.look { $0.contains { $0.state == .closeWait } }
      let look = try Self.look(.proc)
      #expect(look.rows.allSatisfy { $0.state == .established })
      let gap = try #require(look.gaps.first { $0.kind == .mptcpUnread })
      // Of a kernel that counts them; before Linux 6.3 it is one.
      #expect([1, 6].contains(gap.count), "\(gap)")
      #expect(gap.detail.hasSuffix("/proc/net/tcp shows their subflows"), "\(gap)")
    }
  }

  @Test func `where there are none, nothing is said of them`() throws {
    try HolderLab.inNamespace {
      let connections = try HolderLab.connections(1)
      defer { Self.close(connections) }
      Glibc.close(connections[0].connected)
      #expect(!(try Self.look(.proc)).gaps.contains { $0.kind == .mptcpUnread })
    }
  }

  @Test func `one whose peer has aborted is dead, and one that has lost its subflow is not`()
    throws
  {
    let (reset, bereft) = try HolderLab.inNamespace {
      let reset = try HolderLab.connections(1, over: Self.mptcp)[0]
      try HolderLab.reset(reset.connected)
      let bereft = try HolderLab.connections(1, over: Self.mptcp)[0]
      let inode = HolderLab.inode(of: bereft.accepted)
      let row = try #require(try Self.look().rows.first { $0.inode == inode })
      var inquiry = try SocketInquiry()
      #expect(try inquiry.destroy(row, interface: 0))
      _ = try Self.look { !$0.contains { $0.inode == inode } }
      return (reset.accepted, bereft)
    }
    defer { for fd in [reset, bereft.accepted, bereft.connected] { Glibc.close(fd) } }
    var sample = Sample(takenAt: BootInstant(seconds: 1e6), wallClockSeconds: 0, states: .all)
    var status = stat()
    stat("/proc/self/ns/net", &status)
    sample.namespaces = [NamespaceSample(id: NetnsID(rawValue: UInt32(status.st_ino)))]
    var search = HolderSearch()
    search.deadSockets = .of([getpid()])
    var finder = HolderFinder()
    _ = finder.find(search, in: sample, coversHost: false)
    let inodes = Set(finder.find(search, in: sample, coversHost: false).deadSockets.map(\.inode))
    #expect(inodes.contains(HolderLab.inode(of: reset)))
    #expect(!inodes.contains(HolderLab.inode(of: bereft.accepted)))
  }
}

extension Requirement {
  /// The kernel makes MPTCP sockets, and shows them: since Linux 5.9, and by a module on some.
  fileprivate static let mptcp = Requirement("MPTCP", missing: mptcpFailure())

  private static func mptcpFailure() -> String? {
    let fd = socket(
      AF_INET, Int32(SOCK_STREAM.rawValue), Int32(InetDiagLayout.transportMPTCP))
    guard fd >= 0 else { return "socket(IPPROTO_MPTCP): errno \(errno)" }
    close(fd)
    return nil
  }
}
