// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// Connections that nobody uses and nobody closes, as their server has them.
struct EstablishedIdleGrowthTests {
  private func server(idle: Int, every seconds: Double = 10, limit: UInt64 = 300) -> Story {
    var story = Story()
    story.host.start("push", pid: 100, unit: "push.service", limit: limit)
    story.host.listen(8080, by: 100)
    story.host.add(at: (1...idle).map { seconds * Double($0) }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second)
    }
    return story
  }

  @Test func `a hundred idle ones that become more are a finding`() throws {
    var story = server(idle: 400)
    // The hundredth came at 1000 and has been idle for ten minutes at 1600.
    story.look(every: 20, through: 1580)
    #expect(story.firing == [])
    story.look(at: 1600 - 1e-3)
    #expect(story.firing == [])
    story.look(at: 1600)
    let found = try #require(story.firing.first)
    #expect(story.firingRules == [.establishedIdleGrowth])
    #expect(found.cause == .idleNeverClosed)
    #expect(found.holders == [100])
    #expect(found.sockets == 100)
    #expect(found.survivors == 100)
    #expect(found.localPort == 8080)
  }

  @Test func `growth that fills the descriptors asks for action, and says when`() throws {
    var story = server(idle: 400)
    story.look(every: 20, through: 1700)
    let found = try #require(story.firing.first)
    // 1 in 10 s: of 300, 182 are taken.
    let seconds = try #require(found.forecast?.seconds)
    #expect(abs(seconds - 1180) < 0.2 * 1180)
    #expect(found.severity == .critical)
  }

  @Test func `clients that come online are none while more than half of the limit is left`() {
    var story = server(idle: 400, limit: 1024)
    story.look(every: 20, through: 4400)
    #expect(story.events.map(\.kind) == [])
  }

  @Test func `a pool of three hundred that was opened at once is none`() {
    var story = Story()
    story.host.start("app", pid: 100)
    story.host.add(at: (0..<300).map { 10 + Double($0) / 100 }) { second in
      .opened(to: 5432, by: 100).enters(.established, at: second)
    }
    for second in stride(from: 0.0, through: 3000, by: 20) {
      story.look(at: second)
      #expect(story.firing == [], "at \(second)")
    }
  }

  @Test(arguments: [600.0, 1200])
  func `a pool that is filled while another one lies unused is none`(again: Double) {
    var story = Story()
    story.host.start("app", pid: 100, limit: 4096)
    let fillings = [60.0, again + 45].flatMap { begin in (0..<300).map { begin + Double($0) / 5 } }
    story.host.add(at: fillings) { second in
      .opened(to: 5432, by: 100).enters(.established, at: second)
    }
    for second in stride(from: 0.0, through: 2400, by: 15) {
      story.look(at: second)
      #expect(story.firing == [], "at \(second)")
    }
  }

  @Test(arguments: [40.0, 60, 100])
  func `a job that leaks a batch each time is told before any has been idle for ten minutes`(
    apart seconds: Double
  ) {
    var story = Story()
    story.host.start("app", pid: 100, limit: 1200)
    let batches = (1...9).flatMap { batch in
      (0..<100).map { seconds * Double(batch) + Double($0) / 100 }
    }
    story.host.add(at: batches) { second in
      .opened(to: 5432, by: 100).enters(.established, at: second)
    }
    story.look(every: 15, through: 600)
    #expect(story.firingRules == [.establishedIdleGrowth])
  }

  @Test func `connections that are in use are none`() {
    var story = Story()
    story.host.start("push", pid: 100, limit: 600)
    story.host.listen(8080, by: 100)
    story.host.add(at: (1...400).map { 10 * Double($0) }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second)
        .changed { $0.isSending = true }
    }
    story.look(every: 20, through: 3000)
    #expect(story.watch.findings == [])
  }

  @Test func `a look without ESTABLISHED says nothing`() {
    var story = server(idle: 400)
    story.host.states = .allButEstablished
    story.look(every: 20, through: 2000)
    #expect(story.watch.findings == [])
  }

  @Test func `it resolves when they are closed`() {
    var story = Story()
    story.host.start("push", pid: 100, limit: 300)
    story.host.listen(8080, by: 100)
    story.host.add(at: (1...170).map { 10 * Double($0) }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second).leaves(at: 1800)
    }
    story.look(every: 20, through: 1780)
    #expect(story.firingRules == [.establishedIdleGrowth])
    story.look(every: 20, from: 1800, through: 2000)
    #expect(story.events.map(\.kind) == [.firing, .resolved])
  }

  @Test func `it judges by the thresholds that it declares, and by no other`() throws {
    try ThresholdTrial.check(
      .establishedIdleGrowth,
      [
        ThresholdTrial(every: 20, through: 2000) { host in
          host.start("push", pid: 100, limit: 300)
          host.listen(8080, by: 100)
          host.add(at: (1...400).map { 10 * Double($0) }) { second in
            .accepted(on: 8080, by: 100).enters(.established, at: second)
              .leaves(at: second == 10 ? 1980 : .infinity)
          }
        },
        // Each is used for a moment. The ports to the place run out before the descriptors.
        ThresholdTrial(every: 60, through: 2500) { host in
          host.namespaces[0].settings.areRead = true
          host.namespaces[0].settings.localPortRange = 50_000...50_999
          host.start("proxy", pid: 100, limit: 1_048_576)
          for number in 0..<250 {
            host.add(
              .between(
                Endpoint(HostScript.here, UInt16(50_000 + number)),
                Endpoint(HostScript.elsewhere, 3000), by: 100
              )
              .enters(.established, at: 9.7 * Double(number)).changed { $0.usedSeconds = 5 })
          }
        },
      ])
  }
}
