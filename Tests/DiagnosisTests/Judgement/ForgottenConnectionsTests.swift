// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// Connections that a program opens, uses once at the most, and forgets.
struct ForgottenConnectionsTests {
  private static let loopback = IPAddress(ipv4: 0x7f00_0001)

  /// A client and its server on one host: both ends of each connection are here.
  private func pairs(
    _ count: Int, perSecond: Double, limit: UInt64, _ settings: (inout RuleSettings) -> Void
  ) -> Story {
    var story = Story(settings)
    story.host.start("worker", pid: 100, limit: limit)
    story.host.start("redis-server", pid: 200, limit: limit)
    story.host.listen(6379, by: 200)
    for number in 0..<count {
      let client = Endpoint(Self.loopback, UInt16(33_000 + number))
      let server = Endpoint(Self.loopback, 6379)
      let second = 1 + Double(number) / perSecond
      story.host.add(.between(client, server, by: 100).enters(.established, at: second))
      story.host.add(.between(server, client, by: 200).enters(.established, at: second))
    }
    return story
  }

  @Test func `eight a second are told within half a minute, once for both ends`() throws {
    var story = pairs(400, perSecond: 8, limit: 20_000) { $0.patienceSeconds = 13 }
    story.look(every: 1, through: 27)
    let found = try #require(story.firing.first)
    #expect(story.firingRules == [.establishedIdleGrowth])
    #expect(found.holders == [100])
    #expect(found.remotePort == 6379)
    #expect(found.cause == .idleNeverClosed)
    #expect(found.severity == .critical)
    let seconds = try #require(found.forecast?.seconds)
    #expect(abs(seconds - 2475) < 0.3 * 2475)
  }

  @Test func `the server's end is a consequence of the client's`() throws {
    var story = pairs(700, perSecond: 0.5, limit: 1024) { _ in }
    story.look(every: 15, through: 1399)
    let both = story.firing.filter { $0.rule == .establishedIdleGrowth }
    let client = try #require(both.first { $0.remotePort == 6379 })
    let server = try #require(both.first { $0.localPort == 6379 })
    #expect(server.becauseOf == client.id)
    #expect(client.becauseOf == nil)
    #expect(both.roots.map(\.id) == [client.id])
  }

  /// A proxy that closes its clients' connections and forgets those to its backend.
  private func proxy(clientsStay: Bool, limit: UInt64 = 20_000) -> Story {
    var story = Story()
    story.host.start("node", pid: 100, limit: limit)
    story.host.listen(8080, by: 100)
    for number in 0..<900 {
      let second = Double(number) / 3
      story.host.add(
        .accepted(on: 8080, by: 100).enters(.established, at: second)
          .leaves(at: clientsStay ? .infinity : second + 2))
      story.host.add(
        .opened(to: 3000, by: 100).enters(.established, at: second)
          .changed { $0.usedSeconds = 1 })
    }
    return story
  }

  @Test func `a proxy that forgets its backend's connections is told at the daemon's pace`() throws
  {
    var story = proxy(clientsStay: false)
    story.look(every: 15, through: 180)
    let found = try #require(story.firing.first)
    #expect(found.holders == [100])
    #expect(found.remotePort == 3000)
    #expect(found.severity == .warning)
    #expect(found.evidence.contains { if case .neverUsedAgain = $0 { true } else { false } })
  }

  @Test func `a proxy that has a client for each of them is none`() {
    var story = proxy(clientsStay: true)
    story.look(every: 15, through: 300)
    #expect(story.events.map(\.kind) == [])
  }

  @Test(arguments: [6.0, 0.5])
  func `a hundred devices that come online are none at either end`(seconds: Double) {
    var story = pairs(107, perSecond: 1 / seconds, limit: 4096) { _ in }
    story.look(every: 15, through: 1800)
    #expect(story.events.map(\.kind) == [])
  }

  @Test func `connections that are used again are a pool's, however many come`() {
    var story = Story()
    story.host.start("app", pid: 100)
    story.host.add(at: (1...400).map { Double($0) }) { second in
      .opened(to: 5432, by: 100).enters(.established, at: second)
        .changed { $0.usedAgainEvery = 60 }
    }
    story.look(every: 15, through: 600)
    #expect(story.events.map(\.kind) == [])
  }

  @Test func `a pool that is filled at the start of its program is none`() {
    var story = Story()
    story.host.start("app", pid: 100)
    story.host.add(at: (0..<400).map { 30 + Double($0) / 8 }) { second in
      .opened(to: 5432, by: 100).enters(.established, at: second)
    }
    for second in stride(from: 0.0, through: 600, by: 30) {
      story.look(at: second)
      #expect(story.firing == [], "at \(second)")
    }
  }

  @Test func `connections on which an answer is awaited are in use`() {
    var story = Story()
    story.host.start("app", pid: 100)
    story.host.add(at: (1...400).map { Double($0) }) { second in
      .opened(to: 5432, by: 100).enters(.established, at: second)
        .changed { $0.isUnanswered = true }
    }
    story.look(every: 15, through: 580)
    #expect(story.events.filter { $0.finding.rule == .establishedIdleGrowth } == [])
  }

  @Test func `a hundred places with a few each are no one place`() {
    var story = Story()
    story.host.start("crawler", pid: 100)
    for number in 0..<400 {
      let place = IPAddress(ipv4: 0xc633_6400 + UInt32(number % 100))
      story.host.add(
        .between(
          Endpoint(HostScript.here, UInt16(33_000 + number)), Endpoint(place, 443), by: 100
        )
        .enters(.established, at: Double(number)))
    }
    story.look(every: 15, through: 400)
    #expect(story.events.map(\.kind) == [])
  }

  @Test func `the ports to the place are what runs out where there are more descriptors`() throws {
    var story = pairs(900, perSecond: 8, limit: 1_048_576) { $0.patienceSeconds = 30 }
    story.look(every: 5, through: 100)
    let found = try #require(story.firing.first)
    #expect(found.forecast?.resource == .ephemeralPorts)
    #expect(found.evidence.contains { if case .portsInUse = $0 { true } else { false } })
  }

  @Test func `a look without ESTABLISHED leaves it as it was`() throws {
    var story = pairs(900, perSecond: 2, limit: 4096) { _ in }
    story.look(every: 15, through: 300)
    let before = try #require(story.firing.first)
    #expect(before.severity == .critical)
    let told = story.events.count
    story.host.states = .allButEstablished
    story.look(at: 315)
    let after = try #require(story.firing.first)
    #expect(after.severity == .critical)
    #expect(after.growth == before.growth)
    #expect(after.notGrowingSince == nil)
    #expect(story.events.count == told)
  }
}
