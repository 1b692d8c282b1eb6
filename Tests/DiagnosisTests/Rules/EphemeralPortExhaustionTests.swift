// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// A client that opens connections to one place and keeps them open, in a range of 200 ports.
struct EphemeralPortExhaustionTests {
  private static let place = Endpoint(HostScript.elsewhere, 5432)

  /// - Parameter opened: When each of its connections was opened.
  private func client(opening opened: [Double], limit: UInt64 = 1_048_576) -> Story {
    var story = Story()
    story.host.namespaces[0].settings.areRead = true
    story.host.namespaces[0].settings.localPortRange = 50_000...50_199
    story.host.start("batch", pid: 100, unit: "batch.service", limit: limit)
    for (number, second) in opened.enumerated() {
      story.host.add(
        .between(Endpoint(HostScript.here, UInt16(50_000 + number)), Self.place, by: 100)
          .enters(.established, at: second))
    }
    return story
  }

  private func all(_ count: Int, at second: Double = 1) -> [Double] {
    [Double](repeating: second, count: count)
  }

  @Test func `80 percent of the ports held by open connections are a warning, and who holds them`()
    throws
  {
    var story = client(opening: all(160))
    story.look(every: 10, through: 150)
    #expect(story.firingRules == [.ephemeralPortExhaustion])
    let found = try #require(story.firing.first)
    #expect(found.severity == .warning)
    #expect(found.cause == .portsHeldOpen)
    #expect(found.sockets == 160)
    #expect(found.remotePort == 5432)
    #expect([found.forecast?.used, found.forecast?.limit] == [160, 200])
    #expect(found.culprits.map(\.process.id.pid) == [100])
    #expect(found.culprits.map(\.sockets) == [160])
    #expect(found.owner == Owner(.unit, "batch.service"))
    #expect(found.doubts == [])
  }

  @Test func `one port less is none`() {
    var story = client(opening: all(159))
    story.look(every: 10, through: 150)
    #expect(story.watch.findings == [])
  }

  @Test func `95 percent are critical`() {
    var story = client(opening: all(190))
    story.look(every: 10, through: 150)
    #expect(story.firing.map(\.severity) == [.critical])
  }

  @Test func `what has just been opened may go soon`() {
    var story = client(opening: all(160, at: 100))
    story.look(every: 10, through: 150)
    #expect(story.watch.findings.map(\.rule) == [.ephemeralPortExhaustion])
    #expect(story.firing == [])
  }

  @Test func `it stays pending while cheap looks cannot see it`() {
    var story = client(opening: all(160))
    story.look(at: 10)
    var cheap = Turn.Policy()
    cheap.request.states = .allButEstablished
    for second in [25.0, 40] {
      story.look(at: second, cheap)
      #expect(story.watch.findings.map(\.lifecycle) == [.pending])
    }
  }

  @Test func `the last port is told at the next look that shows it`() {
    var story = client(opening: all(200, at: 100))
    story.look(at: 10)
    story.look(at: 105)
    #expect(story.firing == [])
    story.look(at: 120)
    #expect(story.firing.map(\.severity) == [.critical])
  }

  @Test func `unused connections that grow are told with the ports that they take, once`() throws {
    var story = client(opening: (0..<190).map { 1 + 2 * Double($0) })
    story.look(every: 10, through: 380)
    let leak = try #require(story.firing.first { $0.rule == .establishedIdleGrowth })
    #expect(leak.forecast?.resource == .ephemeralPorts)
    let full = try #require(story.firing.first { $0.rule == .ephemeralPortExhaustion })
    #expect(full.becauseOf == leak.id)
  }

  @Test func `ports that are nearly gone count for themselves once what took them only stands`()
    throws
  {
    var story = client(opening: (0..<192).map { 1 + 2 * Double($0) })
    story.look(every: 10, through: 900)
    let full = try #require(story.firing.first { $0.rule == .ephemeralPortExhaustion })
    #expect(full.severity == .critical)
    #expect(full.becauseOf == nil)
  }

  @Test func `a leak of CLOSE_WAIT takes the ports before the descriptors`() throws {
    var story = client(opening: [])
    for number in 0..<180 {
      let second = 1 + Double(number)
      story.host.add(
        .between(Endpoint(HostScript.here, UInt16(50_000 + number)), Self.place, by: 100)
          .enters(.established, at: second).enters(.closeWait, at: second + 0.1, unread: 1))
    }
    story.look(every: 10, through: 150)
    let leak = try #require(story.firing.first)
    #expect(leak.rule == .closeWaitLeak)
    #expect(leak.forecast?.resource == .ephemeralPorts)
    #expect(leak.forecast?.limit == 200)
    let seconds = try #require(leak.forecast?.seconds)
    #expect((40...60).contains(seconds), "\(seconds)")
    #expect(leak.severity == .critical)
  }

  @Test func `it judges by the thresholds that it declares, and by no other`() throws {
    try ThresholdTrial.check(
      .ephemeralPortExhaustion,
      [160, 190].map { open in
        ThresholdTrial(through: 150) { host in
          host.namespaces[0].settings.areRead = true
          host.namespaces[0].settings.localPortRange = 50_000...50_199
          host.start("batch", pid: 100, limit: 1_048_576)
          for number in 0..<open {
            host.add(
              .between(Endpoint(HostScript.here, UInt16(50_000 + number)), Self.place, by: 100)
                .enters(.established, at: 1))
          }
        }
      })
  }
}
