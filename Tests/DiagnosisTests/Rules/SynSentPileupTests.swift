// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// A process that connects to something that does not answer.
struct SynSentPileupTests {
  private func client(
    every seconds: Double, timeout: Double, otherConnects: Double = 0, through end: Double = 300
  ) -> Story {
    var story = Story()
    story.host.start("app", pid: 100, unit: "app.service")
    story.host.add(at: stride(from: 1, through: end, by: seconds)) { second in
      .opened(to: 5432, by: 100).enters(.synSent, at: second).leaves(at: second + timeout)
    }
    story.host.counters = { second in
      var counters = TCPCounters()
      counters.activeOpens = UInt64(second * (otherConnects + 1 / seconds))
      return counters
    }
    return story
  }

  @Test func `connects into a black hole pile up, and their process is named`() throws {
    var story = client(every: 1, timeout: 127)
    story.look(every: 5, through: 90)
    #expect(story.lifecycle(.synSentPileup) == .pending)
    story.look(at: 95)
    let pileup = try #require(story.firing.first)
    #expect(story.firingRules == [.synSentPileup])
    #expect(pileup.cause == .connectBlackhole)
    #expect(pileup.holders == [100])
    #expect(pileup.owner == Owner(.unit, "app.service"))
    #expect(pileup.remotePort == 5432)
    #expect(pileup.severity == .warning)
  }

  @Test func `a job that starts a process for each attempt is one opener`() throws {
    var story = Story { $0.patienceSeconds = 15 }
    story.host.start("job.sh", pid: 50)
    for number in 1...40 {
      let second = Double(number)
      let pid = story.host.start("curl", pid: 100 + Int32(number), parent: 50, from: second)
      story.host.add(.opened(to: 9090, by: pid).enters(.synSent, at: second))
    }
    story.look(every: 1, from: 1, through: 41)
    let pileup = try #require(story.firing.first)
    #expect(pileup.rule == .synSentPileup)
    #expect(pileup.sockets >= 30)
    #expect(pileup.owner == Owner(.program, "curl"))
    #expect(pileup.holders.count >= 30)
  }

  @Test func `orphans that the manager of a user has adopted are as many programs`() {
    var story = Story { $0.patienceSeconds = 15 }
    story.host.start("systemd", pid: 50)
    for number in 1...40 {
      let second = Double(number)
      let pid = story.host.start("app", pid: 100 + Int32(number), parent: 50, from: second)
      story.host.add(.opened(to: 9090, by: pid).enters(.synSent, at: second))
    }
    story.look(every: 1, from: 1, through: 41)
    #expect(story.firing == [])
  }

  @Test func `applets of one file under one parent are as many programs`() {
    var story = Story { $0.patienceSeconds = 15 }
    story.host.start("job.sh", pid: 50)
    for number in 1...40 {
      let second = Double(number)
      let pid = story.host.start(
        "applet\(number % 8)", pid: 100 + Int32(number), parent: 50,
        executable: "/bin/busybox", from: second)
      story.host.add(.opened(to: 9090, by: pid).enters(.synSent, at: second))
    }
    story.look(every: 1, from: 1, through: 41)
    #expect(story.firing == [])
  }

  @Test func `what the kernel ends by itself grows to so many and no further`() throws {
    // 3 a second for 127 s are 381: 1,024 descriptors are never used up.
    var story = client(every: 1.0 / 3, timeout: 127)
    story.look(every: 5, through: 100)
    let pileup = try #require(story.firing.first)
    #expect(pileup.growth != nil)
    #expect(pileup.forecast?.limit == 1024)
    #expect(pileup.forecast?.seconds == nil)
  }

  @Test func `the probe of one dead backend is none`() {
    var story = client(every: 10, timeout: 5)
    story.look(every: 5, through: 300)
    #expect(story.watch.findings == [])
  }

  @Test func `a patient probe of one dead backend on a busy host asks nobody to act`() {
    // 13 of its connects are under way at any time, as the kernel tries for 127 s.
    var story = client(every: 10, timeout: 127, otherConnects: 5)
    for second in stride(from: 0.0, through: 300, by: 5) {
      story.look(at: second)
      #expect(story.firing.allSatisfy { $0.severity == .notice }, "at \(second)")
    }
  }

  @Test func `connects that end by a timeout of three seconds are none`() {
    var story = client(every: 0.1, timeout: 3)
    story.look(every: 5, through: 100)
    #expect(story.watch.findings == [])
  }

  @Test func `a burst of slow connects is pending until it stays`() {
    var story = Story()
    story.host.start("app", pid: 100)
    story.host.add(at: (0..<31).map { 2 + Double($0) / 100 }) { second in
      .opened(to: 5432, by: 100).enters(.synSent, at: second).leaves(at: 16)
    }
    story.look(every: 1, through: 60)
    #expect(story.events == [])
  }

  /// It answers whoever waits once it is there again.
  @Test(arguments: [30.0, 60, 80])
  func `a backend that restarts is none`(seconds: Double) {
    var story = Story()
    story.host.start("app", pid: 100, unit: "app.service")
    story.host.add(at: stride(from: 100, to: 100 + seconds, by: 0.25)) { second in
      .opened(to: 5432, by: 100).enters(.synSent, at: second)
        .enters(.established, at: 100 + seconds + 5).leaves(at: 300)
    }
    story.look(every: 5, through: 600)
    #expect(story.events == [])
  }

  @Test func `connects that take the last descriptors before a restart is over are told`() {
    // 20 a second: 1,024 are gone after 50 s.
    var story = client(every: 0.05, timeout: 127, through: 60)
    story.look(every: 5, through: 40)
    #expect(story.firing.map(\.severity) == [.critical])
  }

  @Test func `clients that give up after half a minute show how long nobody has answered`() {
    var story = client(every: 1, timeout: 30)
    story.look(every: 5, through: 90)
    #expect(story.firing == [])
    story.look(every: 5, from: 95, through: 110)
    #expect(story.firingRules == [.synSentPileup])
  }

  @Test func `more that give up in half a minute than are remembered are told as few are`() {
    var story = client(every: 0.1, timeout: 30, through: 600)
    story.look(every: 5, through: 85)
    #expect(story.firing == [])
    story.look(every: 5, from: 90, through: 110)
    #expect(story.firingRules == [.synSentPileup])
  }

  @Test func `bursts once a minute into a black hole are told when they have stood for long`() {
    var story = Story()
    story.host.start("app", pid: 100, unit: "app.service")
    for minute in stride(from: 10.0, to: 600, by: 60) {
      story.host.add(at: (0..<20).map { minute + Double($0) / 100 }) { second in
        .opened(to: 5432, by: 100).enters(.synSent, at: second).leaves(at: second + 127)
      }
    }
    story.look(every: 5, through: 400)
    #expect(story.firingRules == [.synSentPileup])
  }

  @Test func `a restart in which very many give up early is none`() {
    var story = client(every: 0.15, timeout: 20, through: 75)
    story.look(every: 5, through: 300)
    #expect(story.events == [])
  }

  @Test func `it resolves when the backend answers again`() {
    var story = client(every: 1, timeout: 60, through: 110)
    story.look(every: 5, through: 110)
    #expect(story.firingRules == [.synSentPileup])
    story.look(every: 5, from: 115, through: 400)
    #expect(story.events.map(\.kind).last == .resolved)
    #expect(story.firing == [])
  }

  @Test func `it judges by the thresholds that it declares, and by no other`() throws {
    try ThresholdTrial.check(
      .synSentPileup,
      [
        .unfinished(.synSent, .opened(to: 443, by: 100)),
        // Until it is known that its process has more and more open.
        .unfinished(.synSent, .opened(to: 443, by: 100), through: 150)
          .changed { $0.start("api", pid: 100, limit: 256) },
      ])
  }
}
