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

  @Test func `a scan is none, however young the watch, and what goes on is`() {
    // 60 ports' worth in two minutes, on a host without any other connections.
    var scan = server(sockets: 60, every: 2, life: 63, accepts: 0)
    scan.look(every: 15, through: 300)
    #expect(scan.events == [])
    // Two of them.
    var second = server(sockets: 90, every: 2, life: 63, accepts: 0)
    second.look(every: 15, through: 300)
    #expect(second.events == [])
    var lasting = server(sockets: 600, every: 1, life: 63, accepts: 0.1)
    // The patience, and a full interval.
    lasting.look(every: 15, through: 180)
    #expect(lasting.firing.map(\.severity) == [.warning])
  }

  @Test func `what goes on is told where looks are two minutes apart, too`() {
    var story = server(sockets: 1200, every: 1, life: 63, accepts: 0.1)
    story.look(every: 120, through: 960)
    #expect(story.firing.map(\.severity) == [.warning])
  }

  @Test func `what was accepted in the hours before does not hide that nothing is now`() {
    var story = Story()
    story.host.start("api", pid: 100, unit: "api.service")
    story.host.listen(8080, by: 100)
    story.host.add(at: (0..<600).map { 7200 + Double($0) }) { second in
      .accepted(on: 8080, by: nil).enters(.synRecv, at: second).leaves(at: second + 63)
    }
    story.host.counters = { second in
      var counters = TCPCounters()
      counters.passiveOpens = UInt64(min(second, 7200))
      return counters
    }
    story.look(every: 60, through: 7140)
    story.look(every: 15, from: 7155, through: 7380)
    #expect(story.firing.map(\.severity) == [.warning])
  }

  /// The kernel keeps 129 of `listen(128)`, and gives up the older ones early: none is 7 s old.
  private func standing(queueLimit: UInt32) -> Story {
    var story = Story()
    story.host.start("api", pid: 100, unit: "api.service")
    story.host.listen(8080, by: 100, queueLimit: queueLimit)
    story.host.add(at: stride(from: 0, to: 400, by: 6.0 / 129)) { second in
      .accepted(on: 8080, by: nil).enters(.synRecv, at: second).leaves(at: second + 6)
    }
    return story
  }

  @Test func `a full SYN queue that stands is a finding, though none in it grows old`() throws {
    var story = standing(queueLimit: 128)
    story.look(every: 5, from: 10, through: 20)
    let pileup = try #require(story.firing.first)
    #expect(story.firingRules == [.synRecvPileup])
    #expect(pileup.severity == .warning)
    #expect(pileup.evidence.contains(.synQueue(used: 129, limit: 128)))
    #expect(pileup.becauseOf == nil)
  }

  @Test func `as many handshakes in a large SYN queue are none`() {
    var story = standing(queueLimit: 4096)
    story.look(every: 5, from: 10, through: 60)
    #expect(story.watch.findings == [])
  }

  @Test func `at an accept queue that is full for a moment nothing is told of handshakes`() {
    var story = server(sockets: 300, every: 0.2, life: 63, accepts: 1)
    story.host.listen(8081, by: 100)
    story.host.add(at: (0...128).map { _ in 5.0 }) { second in
      .accepted(on: 8080, by: nil).enters(.established, at: second).leaves(at: 26)
    }
    story.look(every: 1, through: 25)
    #expect(story.events == [])
  }

  @Test func `it judges by the thresholds that it declares, and by no other`() throws {
    try ThresholdTrial.check(
      .synRecvPileup,
      [
        .unfinished(.synRecv),
        // A full SYN queue, in which none grows old.
        ThresholdTrial(every: 5, from: 10, through: 20, hasOwnPace: true) { host in
          host.start("api", pid: 100)
          host.listen(8080, by: 100, queueLimit: 32)
          host.add(at: stride(from: 0, to: 400, by: 6.0 / 33)) { second in
            .accepted(on: 8080, by: nil).enters(.synRecv, at: second).leaves(at: second + 6)
          }
        },
        // Handshakes beside a full accept queue, which is to be judged first.
        .fullQueue(every: 5, from: 0, through: 40).changed { host in
          host.add(at: (1...40).map { Double($0) }) { second in
            .accepted(on: 8080, by: nil).enters(.synRecv, at: second)
          }
        },
      ])
  }
}
