// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// The kernel's counters of each namespace over the time watched, and the descriptor counts of
/// processes: numbers that only mean something as a difference.
package struct CounterLog: Sendable {
  private struct Point: Dated {
    var at: BootInstant
    var counters: TCPCounters
  }

  private struct Descriptors: Dated {
    var at: BootInstant
    var count: Int
  }

  /// Oldest first. The older, the further apart: what fills slows down over minutes or over hours,
  /// and to tell takes as many points of the one as of the other.
  private static let points = 64
  private var namespaces: [NetnsID: [Point]] = [:]
  private var descriptors: [ProcessID: [Descriptors]] = [:]

  mutating func record(_ sample: Sample) {
    let present = Set(sample.namespaces.map(\.id))
    namespaces = namespaces.filter { present.contains($0.key) }
    for namespace in sample.namespaces {
      namespaces[namespace.id, default: []]
        .append(Point(at: sample.takenAt, counters: namespace.counters))
      Self.thin(&namespaces[namespace.id, default: []])
    }
  }

  mutating func record(_ processes: [ProcessRecord], at instant: BootInstant) {
    for process in processes {
      guard let count = process.descriptorCount else { continue }
      descriptors[process.id, default: []].append(Descriptors(at: instant, count: count))
      Self.thin(&descriptors[process.id, default: []])
    }
  }

  /// Processes that end are not announced: forgets those that nothing else knows any more, and
  /// those that were not heard of for ten minutes.
  mutating func forgetDescriptors(at now: BootInstant, keeping isKnown: (ProcessID) -> Bool) {
    let stale = now.advanced(bySeconds: -600)
    descriptors = descriptors.filter { ($0.value.last?.at ?? stale) > stale && isKnown($0.key) }
  }

  /// Drops the point that leaves the smallest gap for its age. The first stays, and so does the
  /// span.
  private static func thin(_ points: inout [some Dated]) {
    guard points.count > Self.points, let last = points.last else { return }
    var (least, position) = (Double.infinity, 1)
    for candidate in 1..<(points.count - 1) {
      let gap = points[candidate + 1].at.seconds(since: points[candidate - 1].at)
      let share = gap / max(last.at.seconds(since: points[candidate].at), 1e-9)
      if share < least { (least, position) = (share, candidate) }
    }
    points.remove(at: position)
  }

  /// How much a counter rose over the last `seconds` (at most the time watched), and in what time.
  /// nil with fewer than two looks, or when the kernel does not have it.
  package func increase(
    of counter: KeyPath<TCPCounters, UInt64?>, in namespace: NetnsID, overSeconds seconds: Double
  ) -> (increase: Int, seconds: Double)? {
    guard let points = namespaces[namespace], let last = points.last,
      let end = last.counters[keyPath: counter]
    else { return nil }
    let from = last.at.advanced(bySeconds: -seconds)
    guard let first = points.first(where: { $0.at >= from }), first.at < last.at,
      let start = first.counters[keyPath: counter], end >= start
    else { return nil }
    return (Int(clamping: end - start), last.at.seconds(since: first.at))
  }

  /// In how many of the steps between looks a counter rose.
  package func steps(
    of counter: KeyPath<TCPCounters, UInt64?>, in namespace: NetnsID
  ) -> Int {
    guard let points = namespaces[namespace] else { return 0 }
    return zip(points, points.dropFirst()).count { before, after in
      (after.counters[keyPath: counter] ?? 0) > (before.counters[keyPath: counter] ?? 0)
    }
  }

  /// What the number of a process' open descriptors has done lately.
  package struct DescriptorCourse: Hashable, Sendable {
    /// nil: it stands, or has been seen too seldom to tell.
    package var growth: Rate?
    /// What growth that slows down all the time will reach; nil: it does not slow down.
    package var restsAt: Double?
    /// One standard deviation of that.
    package var restsWithin = 0.0
    /// For how long it has been known, and when it was counted last.
    package var watchedSeconds = 0.0
    package var countedAt: BootInstant?
    /// In how many of the newest samples, without a break, it was above the level asked for, and
    /// since how many seconds that is, at least.
    package var samples = 0
    package var standingSeconds = 0.0
  }

  /// - Parameters:
  ///   - level: A number of descriptors.
  ///   - window: The shortest time, in seconds, in which growth is looked for. A slow one is looked
  ///     for in longer times, up to all that is known.
  package func descriptorCourse(
    of process: ProcessID, above level: Double, window: Double
  ) -> DescriptorCourse {
    var course = DescriptorCourse()
    guard let points = descriptors[process], let last = points.last else { return course }
    let above = points.reversed().prefix { Double($0.count) >= level }
    course.countedAt = last.at
    course.samples = above.count
    course.standingSeconds = above.last.map { last.at.seconds(since: $0.at) } ?? 0
    let restlessness = Self.restlessness(points)
    var span = window
    let known = last.at.seconds(since: points[0].at)
    course.watchedSeconds = known
    var isKnownToGoOn = false
    while known > 0 {
      let recent = points.filter { last.at.seconds(since: $0.at) <= span }
      if course.growth == nil, let growth = Self.growth(recent, restlessness: restlessness),
        Self.goesOn(points, growth, restlessness: restlessness)
      {
        course.growth = growth
      }
      switch Self.slowdown(recent, restlessness: restlessness) {
      case .none: break
      // The longer the time, the surer. Over a pause of the looks it cannot be told from something
      // that grows beside it, so what was seen after the pause holds.
      case .rests(let level, let deviation, let isAcrossPause):
        if isKnownToGoOn, isAcrossPause { break }
        (course.restsAt, course.restsWithin) = (level, deviation)
        isKnownToGoOn = false
      case .goesOn: (course.restsAt, isKnownToGoOn) = (nil, true)
      }
      if span >= known { break }
      span *= 2
    }
    if known < window, course.growth != nil, course.restsAt == nil {
      course.restsAt = Self.likelyRest(points)
    }
    return course
  }

  /// What slows down, and where it leads.
  private enum Slowdown {
    case none
    case rests(at: Double, within: Double, isAcrossPause: Bool)
    /// Something else grows beside what slows down.
    case goesOn
  }

  /// A cache that fills has ever less to take in: it rises less in each third of the time than in
  /// the one before, by more than chance (two standard deviations), and in the same measure again
  /// in what is to come.
  ///
  /// A leak may begin while a cache fills. Of what rises by a q^k + c in the third k, the three
  /// thirds tell c: where it is more than chance (one standard deviation, as this is no time to
  /// wait) and what goes up and down by itself, it goes on.
  private static func slowdown(
    _ points: [Descriptors], restlessness: Double
  ) -> Slowdown {
    guard let first = points.first, let last = points.last else { return .none }
    let span = last.at.seconds(since: first.at)
    let ends = [0, border(points, at: span / 3), border(points, at: span * 2 / 3), span]
    let levels = ends.map { level(points, at: $0) }
    let rises = zip(levels, levels.dropFirst()).map { $1 - $0 }
    let lengths = zip(ends, ends.dropFirst()).map { $1 - $0 }
    guard lengths.allSatisfy({ $0 > 0 }) else { return .none }
    let isSlower = (0...1).allSatisfy { part in
      let scale = lengths[part + 1] / lengths[part]
      let (before, after) = (rises[part] * scale, rises[part + 1])
      return after > 0 && before - after > 2 * (before * scale + after).squareRoot()
    }
    guard isSlower else { return .none }
    if ends[1] != span / 3 || ends[2] != span * 2 / 3 {
      return .rests(
        at: levels[3] + left(rises, lengths), within: rises[2].squareRoot(), isAcrossPause: true)
    }
    // Between two points a curve lies below the line by up to an eighth of how much it turns there.
    let turns = (turn(points, at: span / 3) + turn(points, at: span * 2 / 3)) / 8
    let (older, newer) = (rises[0] - rises[1], rises[1] - rises[2])
    if newer < older {
      let left = newer / (older - newer)
      let steady = rises[2] - left * newer
      // How much it depends on each of the three.
      let weights: [Double] = [left * left, 2 * left * (1 + left), (1 + left) * (1 + left)]
      var noise = 0.0
      for (weight, rise) in zip(weights, rises) {
        noise += weight * weight * (rise + restlessness * restlessness / 4)
      }
      if steady > noise.squareRoot() + weights[2] * turns { return .goesOn }
    }
    // Of a geometric series, and how much its sum depends on its last two parts.
    let left = rises[2] * rises[2] / newer
    let onLast = rises[2] * (2 * rises[1] - rises[2]) / (newer * newer)
    let onBefore = rises[2] * rises[2] / (newer * newer)
    let deviation = (onLast * onLast * rises[2] + onBefore * onBefore * rises[1]).squareRoot()
    return .rests(at: levels[3] + left, within: deviation, isAcrossPause: false)
  }

  /// Where a third of the time begins. In a pause of the looks nothing is known of how the number
  /// went: it begins at the end of the pause that is nearer.
  private static func border(_ points: [Descriptors], at seconds: Double) -> Double {
    let at = { (point: Descriptors) in point.at.seconds(since: points[0].at) }
    guard let next = points.firstIndex(where: { at($0) >= seconds }), next > 0,
      let last = points.last
    else { return seconds }
    let (before, after) = (at(points[next - 1]), at(points[next]))
    guard points.count >= 8, 6 * (after - before) > at(last) else { return seconds }
    return seconds - before < after - seconds ? before : after
  }

  /// What is still to come where the parts are of different lengths: the rate goes on falling by as
  /// much in as long a time as it took from the middle of the second to that of the third.
  private static func left(_ rises: [Double], _ lengths: [Double]) -> Double {
    let step = (lengths[1] + lengths[2]) / 2
    let rate = rises[2] / lengths[2]
    let ratio = rate / (rises[1] / lengths[1])
    return rate * step * (1 + ratio) / (2 * (1 - ratio))
  }

  /// In a time too short to tell by more than chance: what rises less in the newer half of it may
  /// be coming to rest, as what a program opens at its start does.
  private static func likelyRest(_ points: [Descriptors]) -> Double? {
    guard let first = points.first, let last = points.last else { return nil }
    let middle = level(points, at: last.at.seconds(since: first.at) / 2)
    let (older, newer) = (middle - Double(first.count), Double(last.count) - middle)
    guard newer > 0, newer < older else { return nil }
    return Double(last.count) + newer * newer / (older - newer)
  }

  /// The number at a time after the first point, between two points in proportion.
  private static func level(_ points: [Descriptors], at seconds: Double) -> Double {
    let at = { (point: Descriptors) in point.at.seconds(since: points[0].at) }
    guard let next = points.firstIndex(where: { at($0) >= seconds }) else {
      return Double(points[points.count - 1].count)
    }
    guard next > 0 else { return Double(points[0].count) }
    let (before, after) = (points[next - 1], points[next])
    let share = (seconds - at(before)) / max(at(after) - at(before), 1e-9)
    return Double(before.count) + share * Double(after.count - before.count)
  }

  /// Whether the newest steps are of that growth too, or it has come to a stop meanwhile: half of
  /// it, less what chance can hide (two standard deviations).
  private static func goesOn(
    _ points: [Descriptors], _ growth: Rate, restlessness: Double
  ) -> Bool {
    guard let last = points.last, let before = points.dropLast(2).last else { return true }
    let expected = growth.perSecond * last.at.seconds(since: before.at)
    let least = expected / 2 - 2 * expected.squareRoot() - restlessness
    return Double(last.count - before.count) >= least
  }

  /// How much the number turns around a time.
  private static func turn(_ points: [Descriptors], at seconds: Double) -> Double {
    let next = points.firstIndex { $0.at.seconds(since: points[0].at) >= seconds } ?? 0
    guard next >= 2 else { return 0 }
    return turn(points, endingAt: next)
  }

  /// How far a point lies from the line between the one before and the one after it, times two: of
  /// three at even distances, the change between two against that between the two before.
  private static func turn(_ points: [Descriptors], endingAt end: Int) -> Double {
    let (first, middle, last) = (points[end - 2], points[end - 1], points[end])
    let span = max(last.at.seconds(since: first.at), 1e-9)
    let share = middle.at.seconds(since: first.at) / span
    let line = Double(first.count) + share * Double(last.count - first.count)
    return 2 * abs(Double(middle.count) - line)
  }

  /// How much the number goes up and down by itself, from one point to the next.
  private static func restlessness(_ points: [Descriptors]) -> Double {
    guard points.count >= 8 else { return 0 }
    let turns = points.indices.dropFirst(2).map { turn(points, endingAt: $0) }
    return turns.sorted()[3 * turns.count / 4]
  }

  /// A few files are opened and closed all the time.
  private static let fewestRisen = 4.0

  /// Growth that goes on: it rises in each part of the time, and further than it goes up and down
  /// by itself. A jump to a level that stands then (a cache that was filled) is none.
  private static func growth(_ points: [Descriptors], restlessness: Double) -> Rate? {
    guard points.count >= 3, let first = points.first, let last = points.last else { return nil }
    let span = last.at.seconds(since: first.at)
    let rise = Double(last.count - first.count)
    guard span > 0, rise >= fewestRisen, rise >= 3 * restlessness else { return nil }
    let parts = points.count == 3 ? 2.0 : 3.0
    var before = first
    for part in stride(from: 1, through: parts, by: 1) {
      let end = span * part / parts * 0.999
      let after = points.first { $0.at.seconds(since: first.at) >= end } ?? last
      let step = Double(after.count - before.count)
      guard 8 * step >= rise, step >= restlessness else { return nil }
      before = after
    }
    let noise = 2 * rise.squareRoot()
    return Rate(
      perSecond: rise / span, low: max(0, rise - noise) / span, high: (rise + noise) / span)
  }
}

/// What was seen at a time.
private protocol Dated {
  var at: BootInstant { get }
}
