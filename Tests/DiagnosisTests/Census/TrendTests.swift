// SPDX-License-Identifier: Apache-2.0

import KernelTables
import TestSupport
import Testing

@testable import Diagnosis

/// Small populations of which every number is known.
struct TrendTests {
  private let now = HostScript.instant(600)

  private func trend(
    entered: [Double], left: [(at: Double, dwell: Double)] = [], watched: Double = 600,
    isDated: Bool = true
  ) -> Trend {
    Trend(
      entered.map { Trend.Member(since: HostScript.instant($0), isDated: isDated) },
      departures: left.map {
        Departure(at: HostScript.instant($0.at), dwellSeconds: $0.dwell, process: 0)
      },
      watched: Trend.Watched(
        now: now, firstLookAt: HostScript.instant(600 - watched), intervalSeconds: 10,
        patienceSeconds: 120, drainShare: 0.1))
  }

  @Test func `an empty population says nothing`() {
    let trend = trend(entered: [])
    #expect(trend.members == 0)
    #expect(trend.survivors == 0)
    #expect(trend.growth == nil)
    #expect(!trend.isGrowing)
  }

  @Test func `a burst of milliseconds has no rate`() {
    // Twelve within three milliseconds, long enough ago to be of those that stay.
    let burst = trend(entered: (0..<12).map { 400 + Double($0) / 4000 })
    #expect(burst.survivors == 12)
    #expect(burst.growth == nil)
  }

  @Test(arguments: [1, 3, 10, 50])
  func `a rate is no more than what came in the time since the first of them`(burst: Int) throws {
    for spacing in [0.001, 0.1, 1, 7, 30] {
      let entered = (0..<(6 * burst)).map {
        Double(100 + $0 / burst * 60) + spacing * Double($0 % burst)
      }.filter { $0 < 590 }
      guard let growth = trend(entered: entered).growth else { continue }
      let since = 600 - (entered.min() ?? 0)
      #expect(growth.perSecond <= 1.5 * Double(entered.count) / since, "\(spacing)")
    }
  }

  @Test func `what was there before the first look did not come while watched`() {
    let old = trend(
      entered: [10, 20, 350], left: [(at: 400, dwell: 200), (500, 5)], watched: 300)
    #expect(old.entered == 2)
    #expect(old.left == 2)
  }

  @Test func `survivors are those that stayed for the patience, to the nanosecond`() {
    #expect(trend(entered: [480, 480 + 1e-9, 479, 599]).survivors == 2)
  }

  @Test func `who came and who went is counted over the time watched`() {
    let trend = trend(
      entered: [100, 350, 590], left: [(at: 400, dwell: 3), (500, 5), (550, 9)], watched: 300)
    #expect(trend.entered == 5)
    #expect(trend.left == 3)
    #expect(trend.medianDwellSeconds == 5)
  }

  @Test func `a program that is slow by its own pace has twice that patience`() {
    let trend = trend(
      entered: [200, 300, 590], left: (0..<10).map { (at: 500 + Double($0), dwell: 150) })
    #expect(trend.patienceSeconds == 300)
    #expect(trend.survivors == 2)
  }

  @Test func `one that left among a hundred that stay is no pace`() {
    let trend = trend(entered: (0..<100).map { Double($0) }, left: [(at: 500, dwell: 300)])
    #expect(trend.patienceSeconds == 120)
    #expect(trend.survivors == 100)
    #expect(!trend.isDraining)
  }

  @Test func `more than a tenth that leave after the patience are a drain`() {
    let stay = (0..<89).map { Double($0) }
    let left = { (count: Int) in (0..<count).map { (at: 500 + Double($0), dwell: 130.0) } }
    // Below a tenth of the members, leaving is not usual, and the patience stays.
    #expect(!trend(entered: stay, left: left(8)).isDraining)
    #expect(trend(entered: Array(stay.prefix(70)), left: left(8)).patienceSeconds == 260)
  }

  @Test func `one arrival in ten seconds is a growth of a tenth, with its range around it`() throws
  {
    let trend = trend(entered: stride(from: 5, through: 595, by: 10).map { $0 })
    let growth = try #require(trend.growth)
    #expect(trend.isGrowing)
    #expect(abs(growth.perSecond - 0.1) < 0.01)
    #expect(growth.low < 0.1 && 0.1 < growth.high)
    #expect(growth.low > 0)
  }

  @Test func `arrivals that all leave are no growth`() {
    let trend = trend(
      entered: [560, 570, 580, 590],
      left: stride(from: 40, through: 590, by: 10).map { (at: $0, dwell: 35) })
    #expect(!trend.isGrowing)
  }

  @Test func `a burst is no growth`() {
    #expect(!trend(entered: (0..<101).map { 400 + Double($0) / 100 }).isGrowing)
  }

  @Test func `growth that has ended is none`() {
    let arrivals = stride(from: 5.0, through: 300, by: 10).map { $0 }
    #expect(!trend(entered: arrivals).isGrowing)
  }

  @Test func `two are too few for a trend`() {
    #expect(!trend(entered: [100, 550]).isGrowing)
  }

  @Test func `members of unknown age prove no growth`() {
    let arrivals = stride(from: 5.0, through: 595, by: 10).map { $0 }
    let trend = trend(entered: arrivals, isDated: false)
    #expect(trend.growth == nil)
    #expect(!trend.isGrowing)
  }

  @Test func `watched for less than half of the patience is too short`() {
    #expect(trend(entered: [100], watched: 60 - 1e-3).isWatchedTooShort)
    #expect(!trend(entered: [100], watched: 60).isWatchedTooShort)
  }
}
