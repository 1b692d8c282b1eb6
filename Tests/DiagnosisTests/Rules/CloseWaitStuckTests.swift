// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// An incident leaves a block of sockets behind that nobody closes and that does not grow.
struct CloseWaitStuckTests {
  private func block(of sockets: Int, at second: Double = 60) -> Story {
    var story = Story()
    story.host.start("api", pid: 100, unit: "api.service")
    story.host.listen(8080, by: 100)
    story.host.add(at: (0..<sockets).map { second + Double($0) / 100 }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: 1)
        .enters(.closeWait, at: second, unread: 1)
    }
    return story
  }

  @Test func `a block of eleven that stays is stuck, and nothing runs out`() throws {
    var story = block(of: 11)
    story.look(every: 10, through: 200)
    let stuck = try #require(story.firing.first)
    #expect(story.firingRules == [.closeWaitStuck])
    #expect(stuck.sockets == 11)
    #expect(stuck.holders == [100])
    #expect(stuck.growth == nil)
    #expect(stuck.forecast?.seconds == nil)
    #expect(stuck.severity == .warning)
  }

  @Test func `ten are enough, nine are not`() {
    var ten = block(of: 10)
    ten.look(every: 10, through: 300)
    #expect(ten.firingRules == [.closeWaitStuck])
    var nine = block(of: 9)
    nine.look(every: 10, through: 300)
    #expect(nine.firing == [])
    #expect(nine.finding(.closeWaitStuck)?.doubts == [.fewSockets])
  }

  @Test func `one nanosecond less than the patience is not stuck`() {
    // The tenth enters at 60.09.
    var story = block(of: 10)
    story.look(every: 10, through: 180)
    story.look(at: 180.09 - 1e-9)
    #expect(story.firing == [])
    // Its instant of entry is known to a millisecond: the kernel's unit.
    story.look(at: 180.092)
    #expect(story.firingRules == [.closeWaitStuck])
  }

  @Test func `those that a program which closes late has at any time are no block`() {
    var story = Story { $0.patienceSeconds = 10 }
    story.host.start("php", pid: 100, unit: "php.service")
    story.host.listen(8080, by: 100)
    story.host.add(at: (0..<400).map { Double($0) / 4 }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second - 0.3)
        .enters(.closeWait, at: second, unread: 0).leaves(at: second + 13)
        // An answer just before: of how long ago the end came a bound is known.
        .changed { $0.isUnanswered = true }
    }
    for second in 60..<90 {
      story.look(at: Double(second))
      #expect(story.firing == [], "at \(second)")
    }
  }

  @Test func `what still comes in a watch of three seconds is not said to be a block`() throws {
    var story = Story {
      $0.patienceSeconds = 2
      $0.quietSeconds = 1.5
    }
    story.host.start("api", pid: 100, unit: "api.service")
    story.host.listen(8080, by: 100)
    // Two a second, and twenty that were there.
    story.host.add(at: (0..<46).map { 77 + Double($0) / 2 }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: 1)
        .enters(.closeWait, at: second, unread: 0)
    }
    story.look(every: 1, from: 97, through: 100)
    #expect(!story.firingRules.contains(.closeWaitStuck))
  }

  @Test(arguments: [0, 1, 25, 32, 24, 54, 70] as [UInt32])
  func `an idle pool is said to be one or a leak, whatever it has read`(unread: UInt32) {
    var story = Story()
    story.host.start("app", pid: 100)
    story.host.add(at: (0..<31).map { 60 + Double($0) / 100 }) { second in
      .opened(to: 443, by: 100).enters(.established, at: 1)
        .enters(.closeWait, at: second, unread: unread)
    }
    story.look(every: 10, through: 600)
    #expect(story.events == [])
    #expect(story.pending.map(\.rule) == [.closeWaitStuck])
    #expect(story.pending.first?.doubts == [.poolOrLeak])
  }

  /// A database that is stopped says so to each client before its FIN; a response that nobody has
  /// taken came right after its request, or is the first.
  @Test(
    arguments: [
      (true, true, 118, true), (true, false, 118, false), (false, true, 118, false),
      (true, true, 4096, false),
    ] as [(Bool, Bool, UInt32, Bool)])
  func `a pool to whose connections the server has said goodbye may be one`(
    cameWithFIN: Bool, wasIdle: Bool, unread: UInt32, mayBePool: Bool
  ) {
    var story = Story()
    story.host.start("app", pid: 100)
    story.host.add(at: (0..<31).map { 60 + Double($0) / 100 }) { second in
      .opened(to: 5432, by: 100).enters(.established, at: 1)
        .enters(.closeWait, at: second, unread: unread)
        .changed {
          $0.isAnswered = true
          ($0.hasGoodbye, $0.usedSeconds) = (cameWithFIN, wasIdle ? 5 : 59)
        }
    }
    story.look(every: 10, through: 600)
    #expect(story.firing.isEmpty == mayBePool)
    #expect(story.pending.map(\.doubts) == (mayBePool ? [[.poolOrLeak]] : []))
  }

  @Test(arguments: [31, 150])
  func `a pool whose stale connections are replaced when they are used is none`(size: Int) {
    var story = Story()
    story.host.start("app", pid: 100)
    // All are used at times: the stale ones go, and others come and are stale 5 s later.
    for (round, next) in zip([50, 140, 310, 610, 910], [140, 310, 610, 910, 9999]) {
      story.host.add(at: (0..<size).map { Double(round) + Double($0) / 100 }) { second in
        .opened(to: 6379, by: 100).enters(.established, at: second)
          .enters(.closeWait, at: second + 5)
          .leaves(at: second + Double(next - round))
      }
    }
    story.look(every: 10, through: 1300)
    #expect(story.events == [])
    #expect(story.watch.findings == [])
  }

  /// A pool that is used in turn all evening, and not at all from 1200 s on.
  private func pool(of size: Int) -> Story {
    var story = Story()
    story.host.start("app", pid: 100)
    // Each is stale 5 s after its use, and goes when its turn comes again, after two minutes.
    for round in stride(from: 60.0, to: 1200, by: 120) {
      story.host.add(at: (0..<size).map { round + Double($0) * 120 / Double(size) }) { second in
        .opened(to: 6379, by: 100).enters(.established, at: second)
          .enters(.closeWait, at: second + 5)
          .leaves(at: round + 120 < 1200 ? second + 120 : .infinity)
      }
    }
    return story
  }

  @Test func `a large pool that was used in the evening lies there whole at night`() {
    var story = pool(of: 162)
    story.look(every: 15, through: 20_000)
    #expect(story.events == [])
  }

  @Test func `an incident beside a pool is told, also when the pool is used no more`() {
    var story = pool(of: 50)
    story.host.add(at: (0..<300).map { 1100 + Double($0) / 5 }) { second in
      .opened(to: 6379, by: 100).enters(.established, at: second)
        .enters(.closeWait, at: second + 5)
    }
    story.look(every: 15, through: 1500)
    #expect(story.firing.map(\.remotePort) == [6379])
    story.look(every: 15, from: 1515, through: 9000)
    #expect(story.firing.map(\.remotePort) == [6379])
  }

  @Test func `a quiet block whose other ends wait for an answer is none`() {
    var story = halfClosed((0..<12).map { 60 + Double($0) / 2 })
    story.look(every: 10, through: 600)
    #expect(story.watch.findings == [])
  }

  @Test func `a block of jobs that takes longer than the one before is none`() {
    // The first is answered after a minute, which is then the pace of this program.
    let blocks = [60.0, 400].flatMap { begin in (0..<28).map { begin + Double($0) / 2 } }
    var story = halfClosed(blocks) { $0 < 300 ? $0 + 58 : .infinity }
    story.look(every: 15, through: 900)
    #expect(story.events == [])
  }

  @Test func `pairs that grow are a finding, and nobody is told to close`() throws {
    var story = halfClosed((0..<60).map { 60 + 10 * Double($0) })
    story.look(every: 10, through: 600)
    let leak = try #require(story.firing.first)
    #expect(story.firingRules == [.closeWaitLeak])
    #expect(leak.cause == .peerWaitsForAnswer)
    #expect(leak.pids(.peer) == [200])
  }

  @Test func `a client that keeps what a server here has ended is told to close`() throws {
    var story = halfClosed((0..<60).map { 60 + 10 * Double($0) }, byServer: true)
    story.look(every: 10, through: 600)
    // Up to the size of a pool it may be one.
    let leak = try #require(story.finding(.closeWaitLeak))
    #expect(leak.cause == .eofReadNotClosed)
    #expect(leak.holders == [200])
    #expect(leak.pids(.peer) == [100])
    #expect(story.pending == [leak])
  }

  /// Jobs that have shut down their sending, and a tunnel that waits for the answer with them.
  private func halfClosed(
    _ seconds: [Double], byServer: Bool = false,
    answeredAt: (Double) -> Double = { _ in .infinity }
  ) -> Story {
    var story = Story()
    story.host.start("ssh", pid: 100)
    story.host.start("nc", pid: 200)
    story.host.listen(8080, by: 100)
    let server = Endpoint(.loopbackIPv4, 8080)
    for (number, second) in seconds.enumerated() {
      let client = Endpoint(.loopbackIPv4, UInt16(50_000 + number))
      story.host.add(
        .between(server, client, by: 100).enters(.established, at: second - 1)
          .enters(byServer ? .finWait2 : .closeWait, at: second).leaves(at: answeredAt(second)))
      story.host.add(
        .between(client, server, by: 200).enters(.established, at: second - 1)
          .enters(byServer ? .closeWait : .finWait2, at: second).leaves(at: answeredAt(second)))
    }
    return story
  }

  @Test func `a hundred on many ports of one owner are told together`() throws {
    var story = Story()
    story.host.start("crawler", pid: 100)
    for port in UInt16(5000)..<5040 {
      story.host.add(at: (0..<3).map { 60 + Double($0) / 10 }) { second in
        .opened(to: port, by: 100).enters(.established, at: 1)
          .enters(.closeWait, at: second, unread: 1)
      }
    }
    story.look(every: 10, through: 300)
    let stuck = try #require(story.firing.first)
    #expect(story.firing.count == 1)
    #expect(stuck.sockets == 120)
    #expect(stuck.holders == [100])
    #expect(stuck.remotePort == nil)
  }

  @Test func `where leaks are not to be told, a block that grows is not said to stand`() throws {
    var story = Story { $0.disabledRules = [.closeWaitLeak] }
    story.host.start("api", pid: 100, unit: "api.service")
    story.host.listen(8080, by: 100)
    story.host.add(at: (0..<600).map { 60 + Double($0) }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: 1)
        .enters(.closeWait, at: second, unread: 1)
    }
    for second in stride(from: 0.0, through: 650, by: 10) {
      story.look(at: second)
      #expect(story.watch.findings.allSatisfy { $0.notGrowingSince == nil })
    }
    let block = try #require(story.firing.first)
    #expect(block.rule == .closeWaitStuck)
    #expect(block.growth.map { 0.9...1.1 ~= $0.perSecond } ?? false)
    #expect(block.forecast?.seconds != nil)
    story.look(every: 10, from: 660, through: 1200)
    #expect(story.firing.first?.notGrowingSince != nil)
    #expect(story.firing.first?.growth == nil)
  }

  @Test func `other unread data of a client is stuck input`() throws {
    var story = Story()
    story.host.start("app", pid: 100)
    story.host.add(at: (0..<31).map { 60 + Double($0) / 100 }) { second in
      .opened(to: 443, by: 100).enters(.established, at: 1)
        .enters(.closeWait, at: second, unread: 4097)
    }
    story.look(every: 10, through: 300)
    let stuck = try #require(story.firing.first)
    #expect(stuck.rule == .closeWaitStuck)
    #expect(stuck.cause == .dataUnread)
    #expect(stuck.remotePort == 443)
  }

  @Test func `a block that was there at the start is found by the kernel's ages in one look`() {
    var story = block(of: 11, at: 60)
    story.look(at: 7200)
    #expect(story.firingRules == [.closeWaitStuck])
    #expect(story.firing.first?.oldest == Age(seconds: 7140, bound: .exact))
  }

  @Test func `it resolves when its sockets are closed, and comes back under the same id`() throws {
    var story = Story()
    story.host.start("api", pid: 100, unit: "api.service")
    story.host.listen(8080, by: 100)
    for (start, end) in [(60.0, 300.0), (700.0, 1300.0)] {
      story.host.add(at: (0..<11).map { start + Double($0) / 100 }) { second in
        .accepted(on: 8080, by: 100).enters(.established, at: start - 50)
          .enters(.closeWait, at: second, unread: 1).leaves(at: end)
      }
    }
    story.look(every: 10, through: 290)
    let id = try #require(story.firing.first).id
    #expect(story.events.map(\.kind) == [.firing])
    // All that it is about have been closed.
    story.look(at: 300)
    #expect(story.events.map(\.kind) == [.firing, .resolved])
    #expect(story.lifecycle(.closeWaitStuck) == .resolved)
    story.look(every: 10, from: 310, through: 1100)
    // Those of the first block were closed after 240 s: that is this program's pace, and twice
    // that is its patience from now on.
    #expect(story.events.map(\.kind) == [.firing, .resolved])
    story.look(every: 10, from: 1110, through: 1290)
    #expect(story.events.map(\.kind) == [.firing, .resolved, .firing])
    #expect(story.firing.map(\.id) == [id])
    #expect(story.firing.first?.firingSince == story.events.last?.at)
  }

  @Test func `it judges by the thresholds that it declares, and by no other`() throws {
    try ThresholdTrial.check(
      .closeWaitStuck,
      [
        // What can be a pool's.
        ThresholdTrial(through: 400) { host in
          host.start("api", pid: 100)
          host.add(at: (0..<20).map { 60 + Double($0) / 100 }) { second in
            .opened(to: 443, by: 100).enters(.established, at: 1)
              .enters(.closeWait, at: second, unread: 1)
          }
        },
        // A few on each of many ports.
        ThresholdTrial(through: 400) { host in
          host.start("api", pid: 100)
          for port in UInt16(8080)...8083 { host.listen(port, by: 100) }
          host.add(at: (0..<16).map { 60 + Double($0) / 100 }) { second in
            .accepted(on: 8080 + UInt16(second * 100) % 4, by: 100).enters(.established, at: 1)
              .enters(.closeWait, at: second, unread: 1)
          }
        },
        ThresholdTrial(through: 400) { host in
          host.start("api", pid: 100)
          host.listen(8080, by: 100)
          host.add(at: (0..<20).map { 60 + Double($0) / 100 }) { second in
            .accepted(on: 8080, by: 100).enters(.established, at: 1)
              .enters(.closeWait, at: second, unread: 1).leaves(at: second == 60 ? 380 : .infinity)
          }
        },
      ])
  }
}
