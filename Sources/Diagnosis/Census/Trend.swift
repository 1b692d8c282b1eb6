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

    package init(
      now: BootInstant, firstLookAt: BootInstant, intervalSeconds: Double,
      patienceSeconds: Double, drainShare: Double
    ) {
      self.now = now
      self.firstLookAt = firstLookAt
      self.intervalSeconds = intervalSeconds
      self.patienceSeconds = patienceSeconds
      self.drainShare = drainShare
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
  /// Net growth of those that stay.
  package var growth: Rate?
  package var isGrowing = false
  /// Some of those past the patience do get closed.
  package var isDraining = false
  /// Not watched for long enough to tell growth from turnover.
  package var isWatchedTooShort = false

  package init(_ members: [Member], departures: [Departure], watched: Watched) {
    self.members = members.count
    let now = watched.now
    let dwells = departures.map(\.dwellSeconds).sorted()
    left = dwells.count
    medianDwellSeconds = dwells.isEmpty ? nil : dwells[dwells.count / 2]
    let slowDwell = dwells.isEmpty ? 0 : dwells[min(dwells.count - 1, dwells.count * 9 / 10)]
    // The pace of this program counts when leaving is usual here, not when one of many has left.
    let isUsual = left >= 2 && Double(left) >= 0.1 * Double(members.count)
    patienceSeconds = max(watched.patienceSeconds, isUsual ? 2 * slowDwell : 0)
    let patience = patienceSeconds
    survivors = members.count { now.seconds(since: $0.since) >= patience }
    entered = left + members.count { $0.since >= watched.firstLookAt }
    let late = dwells.count { $0 >= patience }
    isDraining = late > 0 && Double(late) > watched.drainShare * Double(late + survivors)
    isWatchedTooShort = watched.seconds < patience / 2
    judgeGrowth(members, departures: departures, slowDwell: slowDwell, watched: watched)
  }

  /// Compares those that came and stayed with those that went, over the last patience or the last
  /// ten arrivals, whichever is longer.
  private mutating func judgeGrowth(
    _ members: [Member], departures: [Departure], slowDwell: Double, watched: Watched
  ) {
    // Newcomers may still leave at the usual pace: they prove nothing yet.
    let grace = min(max(2 * slowDwell, 2 * watched.intervalSeconds), patienceSeconds)
    let ages = members.filter(\.isDated).map { watched.now.seconds(since: $0.since) }
      .filter { $0 >= grace }.sorted()
    // Before the first look, only those that stayed are known. Growth is judged on the time
    // watched; a single look has nothing better than the ages of those that are still there.
    let horizon = watched.seconds >= patienceSeconds / 2 ? watched.seconds : .infinity
    let known = ages.filter { $0 <= horizon }
    guard let youngest = known.first, known.count >= 2 else { return }
    let tenth = known[min(9, known.count - 1)]
    let end = min(max(grace + patienceSeconds, tenth), horizon)
    let recent = known.filter { $0 <= end }
    let gone = departures.count {
      let ago = watched.now.seconds(since: $0.at)
      return $0.dwellSeconds >= grace && ago <= end
    }
    var span = end - grace
    if let oldest = recent.last, recent.count == ages.count, members.count == ages.count {
      // All began within the span: measure from the first arrival, one mean gap early.
      let inner = oldest - youngest
      span = min(span, max(oldest - grace, 0) + inner / Double(max(1, recent.count - 1)))
    }
    guard span > 0 else { return }
    let net = Double(recent.count - gone)
    // Arrivals and departures are counts: their noise is their square root.
    let noise = 2 * Double(recent.count + gone).squareRoot()
    growth = Rate(
      perSecond: max(0, net / span), low: max(0, (net - noise) / span),
      high: (net + noise) / span)
    let gap = span / Double(recent.count)
    let isRecent = youngest - grace <= 5 * gap + 2 * watched.intervalSeconds
    // Spread over the time judged: a burst with one latecomer is no trend.
    let late = recent.count { $0 - grace < span / 2 }
    let isSpread = 4 * late >= recent.count && 5 * late <= 4 * recent.count + 2
    isGrowing = net >= max(3, noise) && isRecent && isSpread
  }
}
