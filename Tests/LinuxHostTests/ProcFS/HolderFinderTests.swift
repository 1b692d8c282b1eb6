// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import Testing

@testable import LinuxHost

@Suite(.serialized) struct HolderFinderTests {
  /// A sample with one row for each inode, as a dump taken now would have.
  private func sample(_ inodes: [UInt64], at instant: Double = 0) -> Sample {
    var sample = Sample(
      takenAt: BootInstant(seconds: instant), wallClockSeconds: 0, states: .all)
    sample.namespaces = [NamespaceSample(id: ownNamespace())]
    sample.sockets = inodes.map { inode in
      var row = SocketRow()
      row.inode = inode
      row.state = .closeWait
      return row
    }
    return sample
  }

  private func ownNamespace() -> NetnsID {
    var status = stat()
    stat("/proc/self/ns/net", &status)
    return NetnsID(rawValue: UInt32(status.st_ino))
  }

  private func search(_ inodes: [UInt64]) -> HolderSearch {
    var search = HolderSearch()
    search.inodes = Set(inodes)
    return search
  }

  @Test func `every descriptor of this process is found under its own number`() throws {
    let connections = try HolderLab.inNamespace { try HolderLab.connections(17) }
    let fds = connections.flatMap { [$0.accepted, $0.connected] }
    defer { for fd in fds { close(fd) } }
    let inodes = fds.map(HolderLab.inode)
    var finder = HolderFinder()
    let report = finder.find(search(inodes), in: sample(inodes))
    #expect(Set(report.holders.map(\.fd)) == Set(fds))
    #expect(report.holders.count == 34)
    #expect(report.holders.allSatisfy { $0.process.pid == getpid() && $0.table == .process })
    for holder in report.holders { #expect(HolderLab.inode(of: holder.fd) == holder.inode) }
  }
}
