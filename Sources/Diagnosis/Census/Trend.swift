// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// What a population of sockets in one state does over time: do its members stay, do they go, do
/// more come than go?
///
/// It looks at survivors, not at counts. A count grows in a burst, in a ramp and in a leak alike;
/// only in a leak do members stay beyond any time at which others of their kind have left.
package struct Trend: Hashable, Sendable {
  /// One socket of the population.
  package struct Member: Hashable, Sendable {
    /// When it became quiet in its state.
    package var since: BootInstant
    /// Whether `since` is the instant of entry, or at least one that was watched.
    package var isDated: Bool

    package init(since: BootInstant, isDated: Bool) {
      self.since = since
      self.isDated = isDated
    }
  }

  package struct Watched: Sendable {
    package var now: BootInstant
    package var firstLookAt: BootInstant
    package var intervalSeconds: Double
    package var patienceSeconds: Double
    package var drainShare: Double
    /// Nobody has looked for long, and who has left meanwhile is not known yet.
    package var isAfterGap: Bool

    package init(
      now: BootInstant, firstLookAt: BootInstant, intervalSeconds: Double,
      patienceSeconds: Double, drainShare: Double, isAfterGap: Bool = false
    ) {
      self.now = now
      self.firstLookAt = firstLookAt
      self.intervalSeconds = intervalSeconds
      self.patienceSeconds = patienceSeconds
      self.drainShare = drainShare
      self.isAfterGap = isAfterGap
    }

    var seconds: Double { now.seconds(since: firstLookAt) }
  }

  package var members = 0
  /// Members that have stayed longer than ``patienceSeconds``.
  package var survivors = 0
  /// The patience used: the setting, or more where this program closes slowly by its own pace.
  package var patienceSeconds = 0.0
  /// How many came and went while watching, and how long half of those that went had stayed.
  package var entered = 0
  package var left = 0
  package var medianDwellSeconds: Double?
  /// Nine in ten of those that went had stayed no longer than this.
  package var slowDwellSeconds = 0.0
  /// Net growth of those that stay.
  package var growth: Rate?
  package var isGrowing = false
  /// Some as old as those past the patience do get closed.
  package var isDraining = false
  /// Not watched for long enough to tell growth from turnover.
  package var isWatchedTooShort = false
  /// Several came until a moment ago, and none has left: whether that goes on is not known yet.
  package var isStillComing = false

  package init(_ members: [Member], departures: Departures, watched: Watched) {
    self.members = members.count
    let now = watched.now
    let dwells = departures.newest.map(\.dwellSeconds).sorted()
    left = dwells.count
    medianDwellSeconds = dwells.isEmpty ? nil : dwells[dwells.count / 2]
    let slowDwell = dwells.isEmpty ? 0 : dwells[min(dwells.count - 1, dwells.count * 9 / 10)]
    // The pace of this program counts when leaving is usual here, not when one of many has left.
    slowDwellSeconds = slowDwell
    let isUsual = left >= 2 && Double(left) >= 0.1 * Double(members.count)
    patienceSeconds = max(watched.patienceSeconds, isUsual ? 2 * slowDwell : 0)
    let patience = patienceSeconds
    survivors = members.count { now.seconds(since: $0.since) >= patience }
    // Those that were there before the watch did not come in it, whether they have left or not.
    entered =
      departures.newest.count { $0.at.advanced(bySeconds: -$0.dwellSeconds) >= watched.firstLookAt }
      + members.count { $0.isDated && $0.since >= watched.firstLookAt }
    isWatchedTooShort = watched.isAfterGap || watched.seconds < patience / 2
    let justNow = now.advanced(bySeconds: -2 * watched.intervalSeconds)
    isStillComing =
      entered >= 3 && left == 0 && members.contains { $0.isDated && $0.since >= justNow }
    // Newcomers may still leave at the usual pace: they prove nothing yet.
    let grace = min(max(2 * slowDwell, 2 * watched.intervalSeconds), patience)
    let flow = Flow(members, departures, grace: grace, patienceSeconds: patience, watched)
    isDraining = leavesLate(members, departures, watched)
    if let flow { judge(flow, intervalSeconds: watched.intervalSeconds) }
  }

  /// Whether sockets as old as the survivors still go. Those that left young say nothing of the
  /// old ones, and those that left long ago nothing of now. So: of at least half the age that half
  /// of the survivors have, and within that age.
  private func leavesLate(
    _ members: [Member], _ departures: Departures, _ watched: Watched
  ) -> Bool {
    let ages = members.map { watched.now.seconds(since: $0.since) }
      .filter { $0 >= patienceSeconds }.sorted()
    let median = ages.isEmpty ? patienceSeconds : ages[ages.count / 2]
    let late = departures.count(ofAtLeast: median / 2) {
      watched.now.seconds(since: $0.at) <= median
    }
    return late > 0 && Double(late) > watched.drainShare * Double(late + survivors)
  }

  package init(_ members: [Member], departures: [Departure], watched: Watched) {
    self.init(members, departures: Departures(departures), watched: watched)
  }

  private mutating func judge(_ flow: Flow, intervalSeconds: Double) {
    let recent = flow.change(within: flow.window)
    guard recent.span > 0 else { return }
    let gap = recent.span / Double(recent.came)
    let isRecent = flow.youngest - flow.grace <= 5 * gap + 2 * intervalSeconds
    isGrowing =
      recent.net >= max(3, recent.noise) && isRecent && flow.isSpread(recent)
    // The pace of a burst is no growth: it is over.
    if isGrowing { growth = flow.rate }
  }
}

/// Who came to stay, and who of the older ones went, in a time that ends a little before now.
///
/// It counts those that are past the grace: at the end of a window, and at its begin. The
/// difference is exactly those that passed it within and are still here, less those that had
/// passed it before and have left since. Who came and left within the window is in neither count,
/// however much of that there is.
private struct Flow {
  struct Change {
    var came: Int
    var span: Double
    var net: Double
    /// Two standard deviations: arrivals and departures are counts.
    var noise: Double

    var rate: Rate {
      Rate(
        perSecond: max(0, net / span), low: max(0, (net - noise) / span),
        high: (net + noise) / span)
    }
  }

  let grace: Double
  /// How far back is looked to tell whether it grows now: the last patience or the last ten
  /// arrivals, whichever is longer.
  private(set) var window = 0.0
  private var ages: [Double] = []
  /// Some were there before, with nothing known of their arrival.
  private let hasOlder: Bool
  private let departures: Departures
  private let now: BootInstant
  /// Less than that was not told apart by the looks: no rate is of a shorter time.
  private let shortest: Double

  /// nil with fewer than two arrivals.
  init?(
    _ members: [Trend.Member], _ departures: Departures, grace: Double, patienceSeconds: Double,
    _ watched: Trend.Watched
  ) {
    self.grace = grace
    self.departures = departures
    now = watched.now
    shortest = max(watched.intervalSeconds, 1)
    // Before the first look, only those that stayed are known. Growth is judged on the time
    // watched; a single look has nothing better than the ages of those that are still there.
    let horizon = watched.seconds >= patienceSeconds / 2 ? watched.seconds : .infinity
    ages = members.filter(\.isDated).map { watched.now.seconds(since: $0.since) }
      .filter { $0 >= grace && $0 <= horizon }.sorted()
    hasOlder = ages.count < members.count { watched.now.seconds(since: $0.since) >= grace }
    guard ages.count >= 2 else { return nil }
    window = min(max(grace + patienceSeconds, ages[min(9, ages.count - 1)]), horizon)
  }

  var youngest: Double { ages.first ?? 0 }

  func change(within end: Double) -> Change {
    let came = ages.count { $0 <= end }
    let gone = departures.count(ofAtLeast: grace) {
      let ago = now.seconds(since: $0.at)
      return ago <= end && ago + $0.dwellSeconds > end
    }
    var span = end - grace
    if came == ages.count, !hasOlder, let oldest = ages.last {
      // All began within the span: measure from the first arrival, one mean gap early.
      span = min(span, oldest - grace + (oldest - youngest) / Double(max(1, came - 1)))
    }
    let noise = 2 * Double(came + gone).squareRoot()
    if span > 0 { span = max(span, shortest) }
    return Change(came: came, span: span, net: Double(came - gone), noise: noise)
  }

  /// Whether the arrivals spread over the time judged: a burst with one latecomer is no trend.
  func isSpread(_ change: Change) -> Bool {
    let late = ages.prefix(change.came).count { $0 - grace < change.span / 2 }
    return 4 * late >= change.came && 5 * late <= 4 * change.came + 2
  }

  /// The rate now, from as long a time as it has been the same: twice as many arrivals tell it
  /// more exactly, as long as the older half agrees with the newer one (to three standard
  /// deviations: chance alone must not cut it short).
  var rate: Rate {
    var best = change(within: window)
    var end = window
    while best.came < ages.count {
      let next = ages[min(2 * best.came, ages.count) - 1]
      let longer = change(within: next)
      let older = longer.net - best.net
      let expected = best.net / best.span * (longer.span - best.span)
      let doubt = 3 * (abs(older) + best.noise * best.noise / 4).squareRoot()
      guard next > end, longer.span > best.span, abs(older - expected) <= doubt else { break }
      best = longer
      end = next
    }
    return best.rate
  }
}
