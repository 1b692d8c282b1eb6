// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Settings
import Testing

@testable import closewatchd

/// When the next look is due, by what earlier ones have cost and shown.
@Suite struct PaceTests {
  private var pace: Pace
  private var now = BootInstant(seconds: 1000)

  init() {
    var settings = SamplingSettings()
    settings.interval = 10
    pace = Pace(settings)
  }

  /// Takes a turn as the loop would: of the kind that is due, and then waits for the next.
  private mutating func turn(
    cpu: Double = 0.001, closeWait: Int = 0, unlisted: Int? = 0, wantsOpener: Bool = false
  ) -> Pace.LookKind {
    let kind = pace.kind(at: now)
    pace.record(
      Pace.Expense(
        kind: kind, startedAt: now, cpuSeconds: cpu, closeWait: closeWait, unlisted: unlisted,
        wantsOpener: wantsOpener))
    now = now.advanced(bySeconds: pace.intervalSeconds)
    return kind
  }

  @Test mutating func `the first look is full, and so is one a minute after it`() {
    let kinds = (0..<14).map { _ in turn() }
    #expect(kinds.indices.filter { kinds[$0] == .full } == [0, 6, 12])
    #expect(now == BootInstant(seconds: 1140))
  }

  @Test mutating func `looks that cost more than the budget become fewer, and come back`() {
    _ = turn(cpu: 0.5)
    #expect(!pace.isBackedOff, "a full look has a budget of its own")
    for _ in 0..<6 { _ = turn(cpu: 0.25) }
    // 1 % of a core for cheap looks: 0.25 s fit into 40 s.
    #expect(pace.intervalSeconds == 40)
    #expect(pace.isBackedOff)
    for _ in 0..<20 { _ = turn(cpu: 0.001) }
    #expect(pace.intervalSeconds == 10)
    #expect(!pace.isBackedOff)
  }

  @Test mutating func `one slow look does not change the pace`() {
    for _ in 0..<3 { _ = turn(cpu: 0.01) }
    _ = turn(cpu: 0.2)
    #expect(!pace.isBackedOff)
  }

  @Test mutating func `a look is taken every five minutes, whatever it costs`() {
    for _ in 0..<10 { _ = turn(cpu: 100) }
    #expect(pace.intervalSeconds == 300)
    #expect(pace.fullIntervalSeconds == 300)
  }

  @Test mutating func `looks hurry while CLOSE_WAIT grows fast, for three minutes at most`() {
    _ = turn()
    _ = turn(closeWait: 49)
    #expect(!pace.isHurried, "4.9 a second is not fast")
    _ = turn(closeWait: 99)
    #expect(pace.isHurried)
    #expect(pace.intervalSeconds == 1)
    let hurried = now
    var count = 99
    while pace.isHurried, now.seconds(since: hurried) < 1000 {
      count += 100
      _ = turn(closeWait: count)
    }
    #expect((179...181).contains(now.seconds(since: hurried) - pace.intervalSeconds + 1))
    #expect(pace.intervalSeconds == 10)
    count += 1000
    _ = turn(closeWait: count)
    #expect(pace.hurry == .hurriedEnough, "it has to calm down first")
    _ = turn(closeWait: count)
    #expect(pace.hurry == .unneeded)
    _ = turn(closeWait: count + 100)
    #expect(pace.isHurried)
  }

  @Test mutating func `looks hurry, every second one full, to learn who exhausts the ports`() {
    _ = turn()
    _ = turn(wantsOpener: true)
    #expect(pace.isHurried)
    #expect(pace.intervalSeconds == 1)
    let kinds = (0..<4).map { _ in turn(wantsOpener: true) }
    #expect(kinds == [.full, .cheap, .full, .cheap])
    _ = turn()
    #expect(!pace.isHurried, "it is known now")
  }

  @Test mutating func `hurrying keeps to the budget`() {
    _ = turn(cpu: 0.04)
    for count in 1...4 { _ = turn(cpu: 0.04, closeWait: 1000 * count) }
    #expect(pace.isHurried)
    #expect((3.9...4.1).contains(pace.intervalSeconds))
  }

  @Test mutating func `sockets that come up in no table bring a full look forward`() {
    _ = turn(unlisted: 100)
    let kinds = [109, 110, 110, 110].map { unlisted in turn(unlisted: unlisted) }
    // The look after the one that shows them; then they have been looked at.
    #expect(kinds == [.cheap, .cheap, .full, .cheap])
  }

  @Test func `what only a full look shows is seen twice within the patience`() {
    var settings = DaemonSettings()
    settings.sampling.interval = 10
    settings.rules.patienceSeconds = 30
    #expect(settings.pace.fullInterval == 15)
    settings.rules.patienceSeconds = 10
    #expect(settings.pace.fullInterval == 10, "but never faster than cheap looks")
  }
}
