// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// Clients that start a handshake and never finish it.
struct SynRecvPileupTests {
  private func server(sockets: Int, every seconds: Double, life: Double, accepts: Double) -> Story {
    var story = Story()
    story.host.start("api", pid: 100, unit: "api.service")
    story.host.listen(8080, by: 100)
    story.host.add(at: (1...sockets).map { seconds * Double($0) }) { second in
      .accepted(on: 8080, by: nil).enters(.synRecv, at: second).leaves(at: second + life)
    }
    story.host.counters = { second in
      var counters = TCPCounters()
      counters.passiveOpens = UInt64(accepts * second)
      return counters
    }
    return story
  }

  @Test func `handshakes without the last ACK pile up at a listener`() throws {
    var story = server(sockets: 300, every: 0.2, life: 63, accepts: 1)
    story.look(every: 1, through: 30)
    let pileup = try #require(story.firing.first)
    #expect(story.firingRules == [.synRecvPileup])
    #expect(pileup.cause == .handshakeNeverCompleted)
    #expect(pileup.localPort == 8080)
    #expect(pileup.pids(.listener) == [100])
    #expect(pileup.severity == .warning)
  }

  @Test func `nine are not enough`() {
    var story = server(sockets: 9, every: 0.2, life: 63, accepts: 1)
    story.look(every: 1, through: 60)
    #expect(story.watch.findings == [])
  }

  @Test func `handshakes that finish after one lost packet are none`() {
    var story = server(sockets: 600, every: 0.1, life: 1.5, accepts: 10)
    story.look(every: 1, through: 60)
    #expect(story.events == [])
  }

  @Test func `some that never finish on a busy host ask nobody to act`() {
    var story = server(sockets: 300, every: 1, life: 63, accepts: 50)
    for second in stride(from: 0.0, through: 300, by: 5) {
      story.look(at: second)
      #expect(story.firing.allSatisfy { $0.severity == .notice }, "at \(second)")
    }
  }

  @Test func `it resolves when the flood has ended`() {
    var story = server(sockets: 300, every: 0.2, life: 63, accepts: 1)
    story.look(every: 5, through: 60)
    #expect(story.firingRules == [.synRecvPileup])
    story.look(every: 5, from: 65, through: 400)
    #expect(story.events.map(\.kind).last == .resolved)
  }
}
