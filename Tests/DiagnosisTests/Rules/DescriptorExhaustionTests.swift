// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Glibc
import KernelTables
import TestSupport
import Testing

/// A process close to its limit of open descriptors.
struct DescriptorExhaustionTests {
  private func process(
    limit: UInt64 = 1024, files: @escaping @Sendable (Double) -> Int
  ) -> Story {
    var story = Story()
    // One descriptor more is the listener's.
    story.host.start("api", pid: 100, unit: "api.service", limit: limit) { files($0) - 1 }
    story.host.listen(8080, by: 100)
    return story
  }

  @Test func `nine tenths of the limit that stand are told as a notice, after three looks`() throws
  {
    var story = process { _ in 922 }
    story.look(at: 0)
    story.look(at: 10)
    #expect(story.firing == [])
    story.look(at: 20)
    let found = try #require(story.firing.first)
    #expect(story.firingRules == [.descriptorExhaustion])
    #expect(found.severity == .notice)
    #expect(found.evidence.contains(.standing(seconds: 20)))
    #expect(found.holders == [100])
    #expect(found.forecast?.used == 922)
    #expect(found.forecast?.limit == 1024)
    #expect(found.forecast?.seconds == nil)
  }

  @Test func `one descriptor less is none`() {
    var story = process { _ in 921 }
    story.look(every: 10, through: 100)
    #expect(story.watch.findings == [])
  }

  @Test func `it says when the last one is taken`() throws {
    // 940 at 0 and one a second.
    var story = process { 940 + Int($0) }
    story.look(every: 10, through: 30)
    let found = try #require(story.firing.first)
    #expect(found.forecast?.used == 970)
    #expect(found.forecast?.seconds == 54)
    #expect(found.severity == .critical)
    // 30 came, and 30 is known to two times its square root.
    #expect(found.forecast?.lowSeconds == 54 * 30 / (30 + 2 * 30.0.squareRoot()))
    #expect(found.forecast?.highSeconds == 54 * 30 / (30 - 2 * 30.0.squareRoot()))
  }

  @Test func `what a job leaks each ten minutes has not stopped between two of its runs`() {
    var story = process(limit: 4096) { 100 + 400 * Int($0 / 600) }
    story.look(every: 15, through: 5445)
    for second in stride(from: 5460.0, through: 5985, by: 15) {
      story.look(at: second)
      #expect(story.firing.map(\.severity) == [.critical], "at \(second)")
    }
    // It does not come any more.
    var over = process(limit: 4096) { 100 + 400 * Int(min($0, 5400) / 600) }
    over.look(every: 15, through: 6600)
    #expect(over.firing.map(\.severity) == [.notice])
  }

  @Test func `what runs out before a minute is over is told at three quarters of the limit`() throws
  {
    // A watch of somebody who asks now: plain files, nine a second.
    var story = Story { $0.patienceSeconds = 10 }
    story.host.start("api", pid: 100, unit: "api.service") { 580 + Int(9 * $0) }
    story.host.listen(8080, by: 100)
    story.look(every: 2, through: 20)
    let found = try #require(story.firing.first)
    #expect(found.severity == .critical)
    #expect(found.forecast.map { $0.used < 922 && ($0.seconds ?? 60) <= 30 } == true)
  }

  @Test func `what a program opens at its start is pending however fast it is`() {
    var story = process(limit: 4096) { min(2600, 20 + Int(83 * $0)) }
    for second in stride(from: 0.0, through: 300, by: 15) {
      story.look(at: second)
      #expect(story.firing == [], "at \(second)")
    }
  }

  @Test func `files that run out within the hour are pending from half of the limit on`() throws {
    var story = process { 600 + Int($0 / 4) }
    story.look(every: 10, through: 110)
    #expect(story.watch.findings == [])
    story.look(every: 10, from: 120, through: 200)
    let found = try #require(story.finding(.descriptorExhaustion))
    #expect(found.lifecycle == .pending)
    #expect(found.doubts == [.watchedTooShort])
  }

  @Test func `connections of clients that vanished are told before they take the last one`() throws
  {
    var story = Story { $0.patienceSeconds = 10 }
    story.host.start("api", pid: 100, unit: "api.service", limit: 600) { _ in 20 }
    story.host.listen(8080, by: 100)
    story.host.add(at: (0..<500).map { Double($0) / 6 }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second)
    }
    story.look(every: 2, from: 30, through: 44)
    #expect(story.watch.findings == [])
    story.look(every: 2, from: 46, through: 74)
    #expect(story.firing.map(\.severity) == [.critical])
    #expect(story.firing.first?.forecast.map { $0.used < 540 } == true)
  }

  @Test func `97 percent that stand are a notice, and the last one taken is critical`() {
    var story = process { _ in 994 }
    story.look(every: 10, through: 30)
    #expect(story.firing.map(\.severity) == [.notice])
    var full = process { _ in 1024 }
    full.look(every: 10, through: 30)
    #expect(full.firing.map(\.severity) == [.critical])
  }

  @Test func `a cache that has filled its limit by design is a notice from its first word on`() {
    var story = process { $0 < 15 ? 20 : 990 }
    for second in stride(from: 0.0, through: 600, by: 15) {
      story.look(at: second)
      #expect(story.firing.allSatisfy { $0.severity == .notice }, "at \(second)")
    }
    #expect(story.firingRules == [.descriptorExhaustion])
  }

  @Test func `a cache that fills ever more slowly comes to rest below its limit`() {
    // It fills half of what is missing to 970 in each minute.
    var story = process { second in
      var missing = 970.0
      for _ in 0..<Int(second / 10) { missing *= 0.89 }
      return 970 - Int(missing)
    }
    story.look(every: 10, through: 900)
    #expect(Set(story.events.map(\.finding.severity)) == [.notice])
  }

  /// Half of what is missing comes in 2, 12 and 40 minutes.
  @Test(arguments: [0.917, 0.9857, 0.99568])
  func `a cache that fills for hours comes to rest below its limit`(missingAfterLook: Double) {
    var story = process(limit: 2048) { second in
      var missing = 1900.0
      for _ in 0..<Int(second / 15) { missing *= missingAfterLook }
      let wobble = Int(truncatingIfNeeded: SplitMix.mix(UInt64(second)) % 7)
      return max(20, 1900 - Int(missing) - wobble)
    }
    for second in stride(from: 0.0, through: 30_000, by: 15) {
      story.look(at: second)
      #expect(story.firing.allSatisfy { $0.severity == .notice }, "at \(second)")
    }
  }

  /// Half of what is missing comes in so many seconds. Who begins to look when it is nearly full
  /// sees it grow for a while, and not yet that it slows down.
  @Test(arguments: [100.0, 400, 1600])
  func `a cache that is nearly full when the watch begins is no growth to the limit`(
    half: Double
  ) {
    let alarmed = (UInt64(1)...10).count { seed in
      var story = process { second in
        let missing = 970 * exp2(-3.5 - second / half)
        return 970 - Int(missing)
          - Int(truncatingIfNeeded: SplitMix.mix(seed << 32 | UInt64(second)) % 7)
      }
      return stride(from: 0.0, through: 6 * half, by: 15).contains { second in
        story.look(at: second)
        return story.firing.contains { $0.severity > .notice }
      }
    }
    // What goes up and down by itself can look like growth for once.
    #expect(alarmed <= 1)
  }

  @Test func `what a program opens at its start is no growth after three looks`() {
    let counts = [61936, 61965, 61979, 61987, 61992, 61996, 61998, 61999]
    var story = process(limit: 65536) { counts[min(Int($0 / 15), counts.count - 1)] }
    for second in stride(from: 0.0, through: 200, by: 15) {
      story.look(at: second)
      #expect(story.firing.allSatisfy { $0.severity == .notice }, "at \(second)")
    }
    #expect(story.firingRules == [.descriptorExhaustion])
  }

  @Test func `what a program opens at its start may be coming to rest just below the limit`() {
    let counts = [950, 975, 990, 998, 1002, 1003]
    var story = process { counts[min(Int($0 / 15), counts.count - 1)] }
    for second in stride(from: 0.0, through: 200, by: 15) {
      story.look(at: second)
      #expect(story.firing.allSatisfy { $0.severity == .notice }, "at \(second)")
    }
  }

  @Test func `what rises by chance in the first three looks of a program is no growth`() {
    let counts = [3739, 3753, 3768, 3765, 3770, 3764, 3768, 3767]
    var story = process(limit: 4096) { counts[min(Int($0 / 15), counts.count - 1)] }
    for second in stride(from: 0.0, through: 400, by: 15) {
      story.look(at: second)
      #expect(story.firing.allSatisfy { $0.severity == .notice }, "at \(second)")
    }
  }

  @Test func `a cache that fills while nobody looks for an hour comes to rest all the same`() {
    // Half of what is missing to 957 comes in a quarter of an hour.
    var story = process { second in
      var missing = 936.0
      for _ in 0..<Int(second / 15) { missing *= 0.98852 }
      return 957 - Int(missing) - Int(truncatingIfNeeded: SplitMix.mix(UInt64(second)) % 3)
    }
    story.look(every: 15, through: 765)
    for second in stride(from: 3795.0, through: 8000, by: 15) {
      story.look(at: second)
      #expect(story.firing.allSatisfy { $0.severity == .notice }, "at \(second)")
    }
    #expect(story.firingRules == [.descriptorExhaustion])
  }

  @Test func `what comes to rest one or two below the limit is told before it is there`() {
    var story = process { second in
      var missing = 1022.0
      for _ in 0..<Int(second / 15) { missing *= 0.966 }
      return 1022 - Int(missing)
    }
    story.look(every: 15, through: 1935)
    #expect(story.firing.first?.forecast?.used == 1011)
    #expect(story.firing.map(\.severity) == [.critical])
  }

  @Test func `a level that has been reached in a straight line and stands is a notice`() {
    // Clients come back after a start: 6 a second, until all are there.
    var story = process(limit: 2048) { second in min(1849, 20 + Int(6.1 * second)) }
    for second in stride(from: 0.0, through: 600, by: 15) {
      story.look(at: second)
      #expect(story.firing.allSatisfy { $0.severity == .notice }, "at \(second)")
    }
  }

  @Test func `files that are opened and closed near the limit are no growth`() {
    var story = process(limit: 2048) { second in
      1900 - Int(truncatingIfNeeded: SplitMix.mix(UInt64(second)) % 9)
    }
    for second in stride(from: 0.0, through: 20_000, by: 15) {
      story.look(at: second)
      #expect(story.firing.allSatisfy { $0.severity == .notice }, "at \(second)")
    }
  }

  /// Numbers by chance, the same each time.
  private enum SplitMix {
    static func mix(_ value: UInt64) -> UInt64 {
      var z = value &* 0x9e37_79b9_7f4a_7c15
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      return z ^ (z >> 31)
    }
  }

  @Test func `what grows near the limit is not said to stand before it is known where it leads`() {
    var story = process { 925 + Int($0 / 60) }
    story.look(every: 15, through: 1200)
    #expect(story.firing.map(\.severity) == [.notice])
    #expect(story.firing.allSatisfy { $0.notGrowingSince == nil })
    let isSaidToStand = story.firing.flatMap(\.evidence).contains { evidence in
      if case .standing = evidence { true } else { false }
    }
    #expect(!isSaidToStand)
  }

  @Test func `a leak whose steps come by chance is told from some time on until all is gone`() {
    for seed in UInt64(1)...4 {
      var leaked = 50
      let counts = (0..<300).map { look in
        let chance = SplitMix.mix(seed << 32 | UInt64(look)) >> 11
        // Four in 15 s on average: none to eight.
        leaked += (0..<8).count { chance >> UInt64($0) & 1 == 1 }
        return leaked
      }
      var story = process { counts[Int($0 / 15)] }
      var wasTold = false
      for look in 0..<300 where counts[look] < 1024 {
        story.look(at: Double(look) * 15)
        let isTold = story.firing.contains { $0.severity > .notice }
        #expect(isTold || !wasTold, "seed \(seed), look \(look)")
        wasTold = wasTold || isTold
      }
      #expect(wasTold)
    }
  }

  @Test func `a leak beside a cache that fills is told while two fifths of the time are left`() {
    // The cache comes to rest at 900; the leak adds one in 10 s, and takes the last at 1240 s.
    var story = process { second in
      var missing = 900.0
      for _ in 0..<Int(second / 10) { missing *= 0.935 }
      return 900 - Int(missing) + Int(second / 10)
    }
    story.look(every: 10, through: 740)
    #expect(story.firing.map(\.severity) == [.critical])
    #expect((story.firing.first?.forecast?.seconds ?? 0) > 300)
  }

  @Test func `workers of one program that stand near their limit are told once`() throws {
    var story = Story()
    for pid in 101...109 {
      story.host.start("postgres", pid: Int32(pid), unit: "postgresql.service") { _ in 989 }
      story.host.add(.accepted(on: 5432, by: Int32(pid)).enters(.established, at: 1))
    }
    story.host.start("postmaster", pid: 100, unit: "postgresql.service")
    story.host.listen(5432, by: 100)
    story.look(every: 15, through: 300)
    let found = try #require(story.firing.first)
    #expect(story.firingRules == [.descriptorExhaustion])
    #expect(story.events.map(\.kind) == [.firing])
    #expect(found.holders.sorted() == (101...109).map { Int32($0) })
    #expect(found.sockets == 990)
  }

  @Test func `a full process with a listener that cannot accept is critical`() throws {
    var story = Story()
    story.host.start("api", pid: 100, unit: "api.service", limit: 600) { _ in 16 }
    story.host.listen(8080, by: 100)
    story.host.add(at: (0..<580).map { _ in 1.0 }) { second in
      .opened(to: 5432, by: 100).enters(.established, at: second)
    }
    story.host.add(.accepted(on: 8080, by: nil).enters(.established, at: 5))
    story.look(every: 10, from: 10, through: 40)
    let found = try #require(story.finding(.descriptorExhaustion))
    #expect(found.lifecycle == .firing)
    #expect(found.severity == .critical)
    let use = try #require(
      found.evidence.lazy.compactMap { evidence -> DescriptorContents? in
        if case .descriptors(let use) = evidence { use } else { nil }
      }.first)
    #expect(use.open == 597)
    #expect(use.sockets == 580)
    #expect(use.rest == 17)
    #expect(use.places.map(\.sockets) == [580])
    #expect(use.places.first?.remote == Endpoint(HostScript.elsewhere, 5432))
    #expect(use.places.first?.state == .established)
  }

  @Test func `a burst of open files that is over in the next look is none`() {
    var story = process { $0 == 20 ? 1000 : 50 }
    story.look(every: 10, through: 100)
    #expect(story.events == [])
  }

  @Test func `one look is pending and says so`() throws {
    var story = process { _ in 1000 }
    story.look(at: 0)
    #expect(story.firing == [])
    #expect(try #require(story.finding(.descriptorExhaustion)).doubts == [.oneLook])
  }

  @Test(arguments: [63, UInt64.max])
  func `a limit that is tiny or infinite is none`(limit: UInt64) {
    var story = process(limit: limit) { _ in 63 }
    story.look(every: 10, through: 100)
    #expect(story.watch.findings == [])
  }

  @Test func `it resolves when descriptors are closed, and comes back under the same id`() {
    var story = process { (100..<300).contains($0) || $0 >= 600 ? 950 : 100 }
    story.look(every: 10, through: 290)
    let id = story.firing.first?.id
    #expect(story.firingRules == [.descriptorExhaustion])
    story.look(every: 10, from: 300, through: 590)
    #expect(story.events.map(\.kind) == [.firing, .resolved])
    story.look(every: 10, from: 600, through: 700)
    #expect(story.firing.map(\.id) == [id])
  }

  @Test func `it judges by the thresholds that it declares, and by no other`() throws {
    try ThresholdTrial.check(
      .descriptorExhaustion,
      [
        ThresholdTrial(through: 60) { host in
          host.start("api", pid: 100, limit: 1024) { _ in 922 }
          host.listen(8080, by: 100)
        }
      ])
  }
}
