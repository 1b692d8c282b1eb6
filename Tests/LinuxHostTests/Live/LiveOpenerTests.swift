// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import LinuxHost
import Testing

extension LiveProcessTests {
  /// Who opened a connection, by the counters of this kernel.
  @Suite struct LiveOpenerTests {
    @Test func `each end tells who opened the connection, whatever it has sent`() throws {
      let connections = try HolderLab.connections(3)
      defer {
        for connection in connections {
          close(connection.accepted)
          close(connection.connected)
        }
      }
      // One has sent nothing, one some bytes each way, and one more than the other end takes.
      for end in [connections[1].accepted, connections[1].connected] {
        #expect(write(end, "four", 4) == 4)
      }
      let chunk = [UInt8](repeating: 0, count: 1 << 16)
      for end in [connections[2].accepted, connections[2].connected] {
        while send(end, chunk, chunk.count, Int32(MSG_DONTWAIT)) > 0 {}
      }
      // Until the other end has acknowledged what it took: TCP_DELACK_MAX is 200 ms.
      usleep(400_000)
      var host = LiveHost()
      let sample = try host.takeSample(SampleRequest())
      let rows = Dictionary(sample.sockets.map { ($0.inode, $0) }) { first, _ in first }
      for (number, connection) in connections.enumerated() {
        for (end, expected) in [
          (connection.accepted, RowKnowledge.accepted), (connection.connected, .opened),
        ] {
          let row = try #require(rows[HolderLab.inode(of: end)])
          #expect(row.knowledge.intersection([.opened, .accepted]) == expected, "\(number)")
        }
      }
    }
  }
}
