// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// Time that passes without the daemon, and a clock that somebody sets, done to the real one.
@Suite(.serialized, .requires(.root, .networkNamespaces)) struct TimeTests {
  private let directory = TemporaryDirectory()
  private var socket: String { "\(directory.path)/control.sock" }

  private func start(_ rules: [String], environment: [String] = []) throws -> ScrapedDaemon {
    try ScrapedDaemon(
      environment: environment, settings: ScrapedDaemon.quick + rules, control: socket)
  }

  /// The lines of events that name a program.
  private static func events(_ scraped: ScrapedDaemon, _ words: String...) -> [String] {
    scraped.daemon.lines.filter { line in words.allSatisfy { line.contains($0) } }
  }

  /// Looks come at the pace that the daemon says it has (five a second; on a busy machine it backs
  /// off), give or take what a machine does that has no time for it.
  private static func looksAreOnTime(_ scraped: ScrapedDaemon, for seconds: Double = 4) throws {
    let pace = "closewatch_sample_interval_seconds"
    let (looks, began) = (try scraped.looks(), RunningDaemon.monotonicSeconds)
    let before = try scraped.number(pace)
    usleep(UInt32(seconds * 1e6))
    let interval = max(before, try scraped.number(pace))
    let taken = try scraped.looks() - looks
    let passed = RunningDaemon.monotonicSeconds - began
    #expect(interval < 5, "\(interval) s between two looks")
    #expect(taken >= (passed / interval / 4).rounded(.down), "\(taken) looks in \(passed) s")
  }

  @Test func `after half a minute of standing still it invents nothing, and says it did not look`()
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
    usleep(30_000_000)
    // And others that are there instead.
    let began = RunningDaemon.monotonicSeconds
    try Lab.with("close-wait", count: 5) { lab in
      scraped.daemon.signal(SIGCONT)
      try scraped.waitForLooks()
      #expect(try scraped.number("closewatch_late_turns_total") > late)
      let after = try leak.growing()
      // Some 200 sockets in what was one look: they came in half a minute, and so it is told.
      #expect(after.sockets - before.sockets > 100)
      let (was, now) = (try #require(before.growth_per_second), after.growth_per_second ?? 0)
      #expect((was / 2...was * 2).contains(now), "\(was) sockets a second, then \(now)")
      #expect(after.doubts.contains("sampler-gap"))
      #expect(after.id == before.id)
      #expect(after.changes.filter { $0.what == "fired" }.count == 1, "\(after.changes)")
      #expect(abs(try #require(after.firing_since) - (try #require(before.firing_since))) < 1)
      // Its oldest socket has aged by what has passed, no more and no less.
      let aged = try #require(after.oldest).seconds - (try #require(before.oldest)).seconds
      #expect((30..<90).contains(aged), "\(aged) s")
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

  @Test func `a clock that is set by a day, forth and back, changes dates and nothing else`() throws
  {
    directory.write("shift", [UInt8](repeating: 0, count: 8))
    let scraped = try start(
      ["rules.patience=3s", "rules.quiet=1s"],
      environment: [
        "LD_PRELOAD=\(ChildProgram.built("libClockShift.so"))",
        "CLOCK_SHIFT=\(directory.path)/shift",
      ])
    let leak = try WatchedLeak(askedAt: socket)
    try scraped.daemon.waitFor("close-wait-leak firing", leak.name, seconds: 60)
    let before = try leak.growing()
    let watching = try #require(try leak.told().source.watching_since)
    // The second is a jump of two days back, the last one the way home.
    for day in [1.0, -1.0, 0] {
      let shift = day * 86_400
      try set(Int64(shift))
      try scraped.waitForLooks(3)
      try Self.looksAreOnTime(scraped, for: 2)
      try datesFollow(scraped, shift)
      let (told, after) = (try leak.told(), try leak.growing())
      // The same instants, by the clock as it is now.
      #expect(abs(try #require(told.source.watching_since) - shift - watching) < 1)
      #expect(
        abs(try #require(after.firing_since) - shift - (try #require(before.firing_since))) < 1)
      #expect(abs(after.first_seen - shift - before.first_seen) < 1)
      #expect(try #require(told.source.newest_look_age_seconds) < 30)
      // Spans are of the clock that nobody sets.
      #expect((0..<600).contains(try #require(after.oldest).seconds))
      let (was, now) = (try #require(before.growth_per_second), after.growth_per_second ?? 0)
      #expect((was / 2...was * 2).contains(now), "\(was) sockets a second, then \(now)")
      #expect(after.changes.filter { $0.what == "fired" }.count == 1)
      #expect(!after.doubts.contains("sampler-gap"))
      try spansStay(scraped)
      // It judges as ever.
      let pid = try Lab.with("close-wait", count: 7) { lab in
        try scraped.daemon.waitFor(" firing", "SocketLab[\(lab.pid)]", seconds: 60)
        return lab.pid
      }
      try scraped.daemon.waitFor("resolved", "SocketLab[\(pid)]", seconds: 60)
    }
    #expect(Self.events(scraped, "resolved", leak.name) == [])
    #expect(try scraped.number("closewatch_sample_failures_total") == 0)
    #expect(scraped.daemon.stop().status == 0)
    #expect(Self.events(scraped, "close-wait-leak firing", leak.name).count == 1)
  }

  /// Sets the daemon's clock, by as many seconds as it differs from ours.
  private func set(_ seconds: Int64) throws {
    let file = open("\(directory.path)/shift", O_WRONLY | O_CLOEXEC)
    defer { close(file) }
    var seconds = seconds
    #expect(pwrite(file, &seconds, 8, 0) == 8)
  }

  private func datesFollow(_ scraped: ScrapedDaemon, _ shift: Double) throws {
    let now = Double(time(nil)) + shift
    let looked = try scraped.number("closewatch_last_sample_timestamp_seconds")
    #expect(abs(looked - now) < 30, "\(looked) at \(now)")
    let full = try scraped.number("closewatch_last_full_sample_timestamp_seconds")
    #expect(abs(full - now) < 30, "\(full) at \(now)")
  }

  /// How long it is up, what a look costs: nothing of that is hours, or negative.
  private func spansStay(_ scraped: ScrapedDaemon) throws {
    let doctor = try #require(Command.run(["doctor", "--control-socket", socket, "--json"])).output
    #expect(
      doctor.contains(#/"found":"up for \d[\d.]* (s|min), last look \d[\d.]* (ms|s) ago/#),
      "\(doctor)")
    let page = try scraped.get("/?refresh=off").text
    #expect(page.contains(#/samples in \d[\d.]* (s|min) used \d/#))
    #expect(try scraped.get("/-/healthy").status == 200)
  }
}
