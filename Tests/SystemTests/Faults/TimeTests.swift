// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// Time that passes without the daemon, done to the real one.
@Suite(.serialized, .requires(.root, .networkNamespaces)) struct TimeTests {
  private let directory = TemporaryDirectory()
  private var socket: String { "\(directory.path)/control.sock" }

  private func start(_ rules: [String]) throws -> ScrapedDaemon {
    try ScrapedDaemon(settings: ScrapedDaemon.quick + rules, control: socket)
  }

  /// The lines of events that name a program.
  private static func events(_ scraped: ScrapedDaemon, _ words: String...) -> [String] {
    scraped.daemon.lines.filter { line in words.allSatisfy { line.contains($0) } }
  }

  /// Looks come at their pace: five a second are due, and a slow machine may need four times as
  /// long for each.
  private static func looksAreOnTime(_ scraped: ScrapedDaemon, for seconds: Double = 4) throws {
    let (looks, began) = (try scraped.looks(), RunningDaemon.monotonicSeconds)
    usleep(UInt32(seconds * 1e6))
    let taken = try scraped.looks() - looks
    let passed = RunningDaemon.monotonicSeconds - began
    #expect(taken >= passed * 1.25, "\(taken) looks in \(passed) s")
  }

  @Test func `after a minute of standing still it invents nothing, and says it did not look`()
    throws
  {
    // Longer than any look of this test is apart from the next: what fires has been watched.
    let patience = 8.0
    let scraped = try start(["rules.patience=8s", "rules.quiet=1s"])
    let leak = try WatchedLeak(askedAt: socket)
    try scraped.daemon.waitFor("close-wait-leak firing", leak.name, seconds: 60)
    let before = try leak.growing()
    #expect(!before.doubts.contains("sampler-gap"))
    let late = try scraped.number("closewatch_late_turns_total")
    // Sockets that are there when it stops, and not when it goes on.
    let gone = try Lab.with("close-wait", count: 7) { lab in
      try scraped.waitForLooks()
      scraped.daemon.signal(SIGSTOP)
      return lab.pid
    }
    usleep(60_000_000)
    // And others that are there instead.
    let began = RunningDaemon.monotonicSeconds
    try Lab.with("close-wait", count: 5) { lab in
      scraped.daemon.signal(SIGCONT)
      try scraped.waitForLooks()
      #expect(try scraped.number("closewatch_late_turns_total") > late)
      let after = try leak.growing()
      // Some 400 sockets in what was one look: they came in a minute, and that is how it is told.
      #expect(after.sockets - before.sockets > 200)
      let (was, now) = (try #require(before.growth_per_second), after.growth_per_second ?? 0)
      #expect((was / 2...was * 2).contains(now), "\(was) sockets a second, then \(now)")
      #expect(after.doubts.contains("sampler-gap"))
      #expect(after.id == before.id)
      #expect(after.changes.filter { $0.what == "fired" }.count == 1, "\(after.changes)")
      #expect(abs(try #require(after.firing_since) - (try #require(before.firing_since))) < 1)
      // Its oldest socket has aged by what has passed, no more and no less.
      let aged = try #require(after.oldest).seconds - (try #require(before.oldest)).seconds
      #expect((60..<120).contains(aged), "\(aged) s")
      try Self.looksAreOnTime(scraped)

      // From then on it judges as ever, and not before the sockets are old enough.
      try scraped.daemon.waitFor(" firing", "SocketLab[\(lab.pid)]", seconds: 60)
      let fired = RunningDaemon.monotonicSeconds - began
      #expect(fired >= patience - 1, "\(fired) s")
    }
    leak.end()
    try scraped.daemon.waitFor("resolved", leak.name, seconds: 60)
    #expect(scraped.daemon.stop().status == 0)
    #expect(Self.events(scraped, "SocketLab[\(gone)]") == [])
    #expect(Self.events(scraped, "close-wait-leak firing", leak.name).count == 1)
    #expect(Self.events(scraped, "resolved", leak.name).count == 1)
  }
}
