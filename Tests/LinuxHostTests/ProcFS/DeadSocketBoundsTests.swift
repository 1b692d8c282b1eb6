// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import Synchronization
import TestSupport
import Testing

@testable import LinuxHost

extension LiveProcessTests {
  /// What the search for dead sockets costs beside those who have descriptors without end.
  @Suite(.requires(.root, .networkNamespaces)) struct DeadSocketBoundsTests {
    private static var empty: Sample {
      var sample = Sample(takenAt: BootInstant(seconds: 1e6), wallClockSeconds: 0, states: .all)
      var status = stat()
      stat("/proc/self/ns/net", &status)
      sample.namespaces = [NamespaceSample(id: NetnsID(rawValue: UInt32(status.st_ino)))]
      return sample
    }

    private static var search: HolderSearch {
      var search = HolderSearch()
      search.deadSockets = .of([getpid()])
      return search
    }

    private final class Asked: Sendable {
      let inodes = Mutex<[UInt64]>([])
    }

    @Test func `a dead socket is asked once, and told with each of its descriptors`() throws {
      let connections = try HolderLab.inNamespace { try HolderLab.connections(3) }
      for connection in connections { try HolderLab.reset(connection.connected) }
      let inodes = Set(connections.map { HolderLab.inode(of: $0.accepted) })
      let copies = (0..<40).map { dup(connections[$0 % 3].accepted) }
      defer { for fd in copies + connections.map(\.accepted) { close(fd) } }
      let asked = Asked()
      var finder = HolderFinder()
      finder.prove = { deadSocket in
        asked.inodes.withLock { $0.append(deadSocket.inode) }
        return DescriptorProof(deadSocket)
      }
      _ = finder.find(Self.search, in: Self.empty)
      let report = finder.find(Self.search, in: Self.empty)
      #expect(report.deadSockets.filter { inodes.contains($0.inode) }.count == 43)
      let times = asked.inodes.withLock { $0.filter { inodes.contains($0) } }
      #expect(times.count == 3 && Set(times) == inodes)
    }

    @Test func `of descriptors on sockets in no table some are kept, and the rest is counted`()
      throws
    {
      let connections = try HolderLab.inNamespace { try HolderLab.connections(20) }
      defer {
        for connection in connections {
          close(connection.accepted)
          close(connection.connected)
        }
      }
      var finder = HolderFinder()
      finder.bounds.strangers = 8
      let report = finder.find(Self.search, in: Self.empty)
      let gap = try #require(report.gaps.first { $0.kind == .boundReached })
      #expect(gap.count >= 32)
      #expect(gap.detail.hasPrefix("dead sockets: more descriptors on sockets in no table"))
      #expect(!report.isComplete)
    }

    @Test func `no step of a search takes more than half of the time that is left`() {
      let bounds = HolderFinder.Bounds().ending(at: Clock.boot.advanced(bySeconds: 8))
      #expect((3900...4000).contains(bounds.milliseconds))
      #expect(bounds.deepMilliseconds == HolderFinder.Bounds().deepMilliseconds)
      #expect(HolderFinder.Bounds().ending(at: Clock.boot).milliseconds == 0)
      #expect(HolderFinder.Bounds().ending(at: .never) == HolderFinder.Bounds())
    }

    @Test func `a look at the tables leaves half of the time to the search for holders`() {
      let now = Clock.boot
      let end = LiveHost.halfway(to: now.advanced(bySeconds: 8)).seconds(since: now)
      #expect(end >= 4 && end < 4.1)
      #expect(LiveHost.halfway(to: now).seconds(since: now) < 0.1)
      #expect(LiveHost.halfway(to: .never) == .never)
    }
  }
}
