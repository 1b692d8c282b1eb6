// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import TestSupport
import Testing

@testable import LinuxHost

extension LiveProcessTests {
  @Suite(.requires(.root, .networkNamespaces)) struct RefusedProofTests {
    /// A look that found no socket at all, long after they were seen.
    private static var empty: Sample {
      var sample = Sample(
        takenAt: BootInstant(seconds: 1e6), wallClockSeconds: 0, states: .all)
      var status = stat()
      stat("/proc/self/ns/net", &status)
      sample.namespaces = [NamespaceSample(id: NetnsID(rawValue: UInt32(status.st_ino)))]
      return sample
    }

    /// Linux before 5.6, or a filter: nobody can ask the socket.
    @Test func `where a socket cannot be asked, it is told neither as dead nor as alive`() throws {
      let connections = try HolderLab.inNamespace { try HolderLab.connections(11) }
      let inodes = Set(
        connections.flatMap { [$0.accepted, $0.connected] }.map { HolderLab.inode(of: $0) })
      var search = HolderSearch()
      search.deadSockets = .of([getpid()])
      for coversHost in [true, false] {
        var finder = HolderFinder()
        finder.prove = { _ in
          .refused(SystemCallError("pidfd_open", on: "/proc/1/fd/3", errno: ENOSYS))
        }
        _ = finder.find(search, in: Self.empty, coversHost: coversHost)
        let second = finder.find(search, in: Self.empty, coversHost: coversHost)
        #expect(second.deadSockets.filter { inodes.contains($0.inode) } == [])
        let gap = second.gaps.first { $0.kind == .sourceLimited }
        #expect((gap?.count ?? 0) >= 22)
        #expect(gap?.detail.contains("cannot be asked") == true)
        #expect(!second.gaps.contains { $0.kind == .socketsUnlisted })
      }
      for connection in connections {
        close(connection.accepted)
        close(connection.connected)
      }
    }
  }
}
