// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// A server that does not close: every 30 s a client goes, and its socket stays in CLOSE_WAIT.
struct CloseWaitLeakTests {
  private func server(leaks: Int, unread: UInt32 = 1, unit: String? = "api.service") -> Story {
    var story = Story()
    story.host.start("api", pid: 100, unit: unit)
    story.host.listen(8080, by: 100)
    story.host.add(at: (1...leaks).map { 30 * Double($0) }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second - 20)
        .enters(.closeWait, at: second, unread: unread)
    }
    return story
  }

  @Test func `five sockets that came one by one and stay for two minutes are a leak`() throws {
    var story = server(leaks: 30)
    story.look(every: 10, through: 270)
    let leak = try #require(story.firing.first)
    #expect(story.firingRules == [.closeWaitLeak])
    #expect(leak.cause == .eofUnread)
    #expect(leak.holders == [100])
    #expect(leak.owner == Owner(.unit, "api.service"))
    #expect(leak.localPort == 8080)
    #expect(leak.sockets == 9)
    #expect(leak.survivors == 5)
    #expect(leak.oldest == Age(seconds: 240, bound: .exact))
    #expect(leak.peers == [PeerCount(remote: Endpoint(HostScript.elsewhere, 0), sockets: 9)])
    #expect(leak.examples.first?.holder?.process.pid == 100)
    #expect(leak.doubts == [])
  }

  /// With SO_KEEPALIVE the kernel's age is a bound only; the looks say in which of them they came.
  @Test(arguments: [false, true])
  func `what was connected before the watch and is left in it grows`(hasKeepalive: Bool) throws {
    var story = Story { $0.patienceSeconds = 10 }
    story.host.start("api", pid: 100, unit: "api.service")
    story.host.listen(8080, by: 100)
    story.host.add(at: (0..<60).map { 200 + Double($0) }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: 1)
        .enters(.closeWait, at: second + 0.5, unread: 1).changed { $0.hasKeepalive = hasKeepalive }
    }
    story.look(every: 3, from: 200, through: 230)
    let leak = try #require(story.firing.first)
    #expect(leak.rule == .closeWaitLeak)
    #expect(abs((leak.growth?.perSecond ?? 0) - 1) < 0.2)
  }

  @Test func `what grows beside the sockets in the same table is in the forecast`() throws {
    // Four files with each socket.
    var story = Story { $0.patienceSeconds = 10 }
    story.host.start("api", pid: 100, unit: "api.service", limit: 2000) { 20 + 4 * Int($0) }
    story.host.listen(8080, by: 100)
    story.host.add(at: (0..<60).map { Double($0) }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second)
        .enters(.closeWait, at: second + 0.5, unread: 1)
    }
    story.look(every: 2, through: 40)
    let forecast = try #require(story.firing.first { $0.rule == .closeWaitLeak }?.forecast)
    let left = Double(forecast.limit - forecast.used)
    #expect(abs((forecast.seconds ?? 0) / left * 5 - 1) < 0.1)
  }

  @Test func `one socket less is pending and says that it is few`() throws {
    var story = server(leaks: 30)
    story.look(every: 10, through: 260)
    #expect(story.events == [])
    let leak = try #require(story.finding(.closeWaitLeak))
    #expect(leak.lifecycle == .pending)
    #expect(leak.survivors == 4)
    #expect(leak.doubts == [.fewSockets])
  }

  @Test func `one nanosecond less than the patience is pending`() {
    var story = server(leaks: 30)
    story.look(every: 10, through: 260)
    story.look(at: 270 - 1e-9)
    #expect(story.lifecycle(.closeWaitLeak) == .pending)
    story.look(at: 270)
    #expect(story.lifecycle(.closeWaitLeak) == .firing)
  }

  @Test func `three past the patience are enough when the end of stream was read`() throws {
    var story = server(leaks: 30, unread: 0)
    story.look(every: 10, through: 210 - 1e-9)
    #expect(story.firing == [])
    story.look(at: 210)
    #expect(try #require(story.firing.first).cause == .eofReadNotClosed)
  }

  @Test func `three that stay and no more are no leak: growth by three is within its own noise`() {
    var story = server(leaks: 3, unread: 0)
    story.look(every: 10, through: 600)
    // `close-wait-stuck` asks for ten.
    #expect(story.events == [])
  }

  @Test func `two sockets whose end of stream was read do not fire`() {
    var story = server(leaks: 2, unread: 0)
    story.look(every: 10, through: 600)
    #expect(story.firing == [])
  }

  /// The two oldest are not like the others.
  @Test(arguments: [
    (UInt32(101), UInt32(1), Cause.dataUnread), (1, 0, .eofUnread), (0, 1, .eofReadNotClosed),
  ])
  func `the examples have what the cause is told from, and the oldest is told all the same`(
    usual: UInt32, other: UInt32, cause: Cause
  ) throws {
    var story = Story()
    story.host.start("api", pid: 100)
    story.host.listen(8080, by: 100)
    story.host.add(at: (1...30).map { 30 * Double($0) }) { second in
      .accepted(on: 8080, by: 100).enters(
        .closeWait, at: second, unread: second <= 60 ? other : usual)
    }
    story.look(every: 10, through: 600)
    let leak = try #require(story.firing.first)
    #expect(leak.cause == cause)
    #expect(leak.examples.map(\.row.receiveQueue) == [usual, usual, usual])
    #expect(leak.examples.map(\.age.seconds) == [510, 480, 450])
    #expect(leak.oldest?.seconds == 570)
  }

  @Test func `where too few have it, the oldest of the others fill up`() throws {
    var story = Story()
    story.host.start("api", pid: 100)
    story.host.listen(8080, by: 100)
    story.host.add(at: (1...30).map { 30 * Double($0) }) { second in
      .accepted(on: 8080, by: 100).enters(
        .closeWait, at: second, unread: [101, 1, 0][Int(second / 30 - 1) % 3])
    }
    story.look(every: 10, through: 200)
    let found = try #require(story.finding(.closeWaitLeak))
    #expect(found.cause == .dataUnread)
    #expect(found.examples.map(\.row.receiveQueue) == [101, 101, 1])
    #expect(found.examples.map(\.age.seconds) == [170, 80, 140])
  }

  @Test(arguments: [(UInt32(0), Cause.eofReadNotClosed), (1, .eofUnread), (101, .dataUnread)])
  func `the receive queue tells the cause`(unread: UInt32, cause: Cause) throws {
    var story = server(leaks: 30, unread: unread)
    story.look(every: 10, through: 480)
    #expect(try #require(story.firing.first).cause == cause)
  }

  @Test func `a peer that does not read what is sent is a stuck writer`() throws {
    var story = Story()
    story.host.start("api", pid: 100)
    story.host.listen(8080, by: 100)
    story.host.add(at: stride(from: 30, through: 480, by: 30)) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second - 20)
        .enters(.closeWait, at: second, unread: 1, unsent: 3_877_888)
        .changed { $0.isProbing = true }
    }
    story.look(every: 10, through: 480)
    #expect(try #require(story.firing.first).cause == .stuckWriter)
  }

  // MARK: What looks like it

  @Test func `a half-close over which the server still sends is none`() {
    var story = Story()
    story.host.start("api", pid: 100)
    story.host.listen(8080, by: 100)
    story.host.add(at: stride(from: 10, through: 590, by: 20)) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second - 5)
        .enters(.closeWait, at: second).changed { $0.isSending = true }
    }
    story.look(every: 10, through: 600)
    #expect(story.watch.findings == [])
  }

  @Test func `a burst that drains is none`() {
    var story = Story()
    story.host.start("api", pid: 100)
    story.host.listen(8080, by: 100)
    story.host.add(at: (0..<211).map { 60 + Double($0) / 20 }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: 1)
        .enters(.closeWait, at: second, unread: 1).leaves(at: second + 100)
    }
    for second in stride(from: 0.0, through: 400, by: 10) {
      story.look(at: second)
      #expect(story.firing == [], "at \(second)")
    }
  }

  @Test func `a program that closes everything after three minutes is slow, not leaking`() {
    var story = Story()
    story.host.start("crawler", pid: 100)
    story.host.listen(8080, by: 100)
    story.host.add(at: stride(from: -190, through: 1500, by: 7)) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second - 5)
        .enters(.closeWait, at: second, unread: 1).leaves(at: second + 180)
    }
    for second in stride(from: 0.0, through: 1500, by: 10) {
      story.look(at: second)
      #expect(story.firing == [], "at \(second)")
    }
  }

  @Test func `abandoned long polls that end after a minute are none`() {
    var story = Story()
    story.host.start("poll", pid: 100)
    story.host.listen(8080, by: 100)
    story.host.add(at: stride(from: 2, through: 900, by: 2)) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second - 1)
        .enters(.closeWait, at: second, unread: 1).leaves(at: second + 58)
    }
    for second in stride(from: 0.0, through: 900, by: 10) {
      story.look(at: second)
      #expect(story.firing == [], "at \(second)")
    }
  }

  @Test(arguments: [UInt32(1), 25, 32])
  func `a pool that fills to eight and renews is none`(unread: UInt32) {
    var story = Story()
    story.host.start("app", pid: 100)
    // Eight come in the first minutes; from then on, the oldest goes when one comes.
    story.host.add(at: (0..<60).map { 20 + 25 * Double($0) }) { second in
      .opened(to: 443, by: 100).enters(.established, at: second - 15)
        .enters(.closeWait, at: second, unread: unread).leaves(at: second + 200)
    }
    for second in stride(from: 0.0, through: 1500, by: 10) {
      story.look(at: second)
      #expect(story.firing == [], "at \(second)")
    }
  }

  private func fillingPool(of size: Int) -> Story {
    var story = Story()
    story.host.start("app", pid: 100)
    story.host.add(at: (1...size).map { 20 * Double($0) }) { second in
      .opened(to: 443, by: 100).enters(.established, at: second - 15)
        .enters(.closeWait, at: second, unread: 1)
    }
    story.look(every: 10, through: 1200)
    return story
  }

  @Test func `an idle pool of five that filled up and stays is none`() {
    #expect(fillingPool(of: 5).events == [])
  }

  @Test func `an idle pool of nine that filled up slowly and stays is none`() {
    #expect(fillingPool(of: 9).events == [])
  }

  // MARK: Among healthy churn

  @Test func `one leak among a hundred healthy closes is found`() throws {
    var story = Story()
    story.host.start("api", pid: 100)
    story.host.listen(8080, by: 100)
    story.host.add(at: stride(from: 1, through: 900, by: 0.3)) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second - 1)
        .enters(.closeWait, at: second, unread: 1).leaves(at: second + 0.2)
    }
    story.host.add(at: stride(from: 30, through: 900, by: 30)) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second - 1)
        .enters(.closeWait, at: second, unread: 0)
    }
    story.look(every: 10, through: 600)
    let leak = try #require(story.firing.first { $0.rule == .closeWaitLeak })
    #expect((19...21).contains(leak.sockets))
    #expect(leak.cause == .eofReadNotClosed)
    let growth = try #require(leak.growth)
    #expect(growth.low <= 1.0 / 30 && 1.0 / 30 <= growth.high)
  }

  @Test func `it judges by the thresholds that it declares, and by no other`() throws {
    try ThresholdTrial.check(
      .closeWaitLeak,
      [(true, UInt32(0)), (true, 1), (false, 1)].map { isInbound, unread in
        ThresholdTrial(through: 900) { host in
          host.start("api", pid: 100)
          if isInbound { host.listen(8080, by: 100) }
          host.add(at: (1...30).map { 30 * Double($0) }) { second in
            (isInbound ? ScriptedSocket.accepted(on: 8080, by: 100) : .opened(to: 443, by: 100))
              .enters(.established, at: second - 20)
              .enters(.closeWait, at: second, unread: unread)
              .leaves(at: second == 30 ? 880 : .infinity)
          }
        }
      } + [
        // The last of 1,024 descriptors goes in 45 s: there is no time for a second look.
        ThresholdTrial(from: 622, through: 622) { host in
          host.start("api", pid: 100) { _ in 24 }
          host.listen(8080, by: 100)
          host.add(at: (0..<932).map { Double($0) / 1.5 }) { second in
            .accepted(on: 8080, by: 100).enters(.established, at: second)
              .enters(.closeWait, at: second, unread: 1)
          }
        }
      ])
  }
}
