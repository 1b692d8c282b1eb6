// SPDX-License-Identifier: Apache-2.0

import KernelTables
import LinuxHost
import Testing

@Suite struct LiveHostTests {
  @Test func `a listener of this process is in the sample once and with its queue limit`() throws {
    let listener = try Listener(backlog: 7)
    var host = LiveHost()
    let sample = try host.takeSample(SampleRequest())
    let rows = sample.sockets.filter { $0.inode == listener.inode }
    #expect(rows.count == 1)
    let row = try #require(rows.first)
    #expect(row.state == .listen)
    #expect(row.local == Endpoint(.loopbackIPv4, listener.port))
    #expect(row.sendQueue == 7)
    #expect(row.knowledge.contains([.cookie, .acceptQueueLimit]))
    #expect(row.cookie != 0)
    #expect(row.namespace == sample.namespaces.first { $0.isOwn }?.id)
    #expect(sample.namespaces.allSatisfy { $0.source == .sockDiag })
  }
}
