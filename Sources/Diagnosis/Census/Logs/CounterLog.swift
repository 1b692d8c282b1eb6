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
    /// By how much it has risen in the longest time in which it grew all along.
    package var risen = 0
    /// What growth that slows down will reach; nil: it does not slow down.
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
    let scatter = Self.restlessness(points, besideCurve: true)
    var span = window
    let known = last.at.seconds(since: points[0].at)
    course.watchedSeconds = known
    var isKnownToGoOn = false
    while known > 0 {
      let recent = points.filter { last.at.seconds(since: $0.at) <= span }
      let growth = Self.growth(recent, restlessness: restlessness).flatMap {
        Self.goesOn(points, $0, restlessness: restlessness) ? $0 : nil
      }
      if let growth, let first = recent.first {
        course.growth = course.growth ?? growth
        course.risen = last.count - first.count
      }
      switch Self.slowdown(recent, restlessness: scatter) {
      // Of steady growth a short time can look slower by chance.
      case .none: if growth != nil { (course.restsAt, course.restsWithin) = (nil, 0) }
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

  /// So many standard deviations, of numbers that are counted, are seldom chance (once in fifteen
  /// times). To call a leak a cache is as bad as a cache a leak, and there is no time to be surer.
  private static let chance = 1.5

  /// What slows down, and where it leads.
  private enum Slowdown {
    case none
    case rests(at: Double, within: Double, isAcrossPause: Bool)
    /// Something else grows beside what slows down.
    case goesOn
  }

  /// A cache that fills has ever less to take in: in the first third of the time it rises more than
  /// in the others on average, by more than chance, and goes on so in what is to come.
  ///
  /// A leak may begin while a cache fills. The cache alone rises by a q^k in the third k, so that
  /// the middle one is the geometric mean of the others. Where it is less by more than chance and
  /// what goes up and down by itself, something goes on beside it.
  private static func slowdown(
    _ points: [Descriptors], restlessness: Double
  ) -> Slowdown {
    guard let first = points.first, let last = points.last else { return .none }
    let span = last.at.seconds(since: first.at)
    let ends = [0, border(points, at: span / 3), border(points, at: span * 2 / 3), span]
    let counts = ends.map { level(points, at: $0) }
    let rises = zip(counts, counts.dropFirst()).map { $1 - $0 }
    let lengths = zip(ends, ends.dropFirst()).map { $1 - $0 }
    guard lengths.allSatisfy({ $0 > 0 }), rises.allSatisfy({ $0 > 0 }) else { return .none }
    // Of a level. A rise has two of them.
    let levelNoise = restlessness * restlessness / 8
    let after = rises[1] + rises[2]
    let scale = (lengths[1] + lengths[2]) / lengths[0]
    let levels = scale * scale + (1 + scale) * (1 + scale) + 1
    let noise = rises[0] * scale * scale + after + levelNoise * levels
    guard rises[0] * scale - after > chance * noise.squareRoot() else { return .none }
    if ends[1] != span / 3 || ends[2] != span * 2 / 3 {
      guard rises[1] / lengths[1] > rises[2] / lengths[2] else { return .none }
      return .rests(
        at: counts[3] + left(rises, lengths), within: rises[2].squareRoot(), isAcrossPause: true)
    }
    // Between two points a curve lies below the line by up to an eighth of how much it turns there.
    let turns = (turn(points, at: span / 3) + turn(points, at: span * 2 / 3)) / 8
    if goesOn(rises, levelNoise: levelNoise, turns: turns) { return .goesOn }
    // The second and the third are a (q + q^2), and what is left is a (q^3 + q^4 + ...).
    let share = after / rises[0]
    let q = ((1 + 4 * share).squareRoot() - 1) / 2
    let left = rises[0] * q * q * q / (1 - q)
    let shareNoise = after + share * share * rises[0] + 2 * levelNoise * (1 + share + share * share)
    let dependence = q * q * (3 - 2 * q) / ((1 - q) * (1 - q) * (1 + 2 * q))
    return .rests(
      at: counts[3] + left, within: dependence * shareNoise.squareRoot(), isAcrossPause: false)
  }

  private static func goesOn(_ rises: [Double], levelNoise: Double, turns: Double) -> Bool {
    let ratio = rises[0] * rises[2] / (rises[1] * rises[1])
    // The logarithm of the ratio, where that is not large, and how much it depends on each rise.
    let excess = 2 * (ratio - 1) / (ratio + 1)
    let (first, second, third) = (1 / rises[0], 2 / rises[1], 1 / rises[2])
    let counted = first + 2 * second + third
    let (older, newer) = (first + second, second + third)
    let levels = first * first + older * older + newer * newer + third * third
    return excess > chance * (counted + levelNoise * levels).squareRoot() + newer * turns
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

  /// What is still to come where the parts are of different lengths: of what is missing the same
  /// share comes in each second, and the last two parts tell which.
  private static func left(_ rises: [Double], _ lengths: [Double]) -> Double {
    // What rises ever less has one such share; it is looked for between hardly any and nearly all.
    var (low, high) = (1e-4 / lengths[2], 60 / lengths[2])
    for _ in 0..<50 {
      let share = (low * high).squareRoot()
      let (before, after) = (decay(share * lengths[1]), decay(share * lengths[2]))
      let isTooSmall = before * (1 - after) / (1 - before) > rises[2] / rises[1]
      if isTooSmall { low = share } else { high = share }
    }
    let missing = decay(low * lengths[2])
    return rises[2] * missing / (1 - missing)
  }

  /// e to the power of -`exponent`, for exponents that are not large.
  private static func decay(_ exponent: Double) -> Double {
    (0..<16).reduce(1 - exponent / 65536) { power, _ in power * power }
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
    return abs(turn(points, endingAt: next))
  }

  /// How far a point lies above the line between the one before and the one after it, times two: of
  /// three at even distances, how much less the number rises between two than between the two
  /// before.
  private static func turn(_ points: [Descriptors], endingAt end: Int) -> Double {
    let (first, middle, last) = (points[end - 2], points[end - 1], points[end])
    let span = max(last.at.seconds(since: first.at), 1e-9)
    let share = middle.at.seconds(since: first.at) / span
    let line = Double(first.count) + share * Double(last.count - first.count)
    return 2 * (Double(middle.count) - line)
  }

  /// How much the number goes up and down by itself, from one point to the next.
  ///
  /// - Parameter isBesideCurve: A curve turns by nearly as much at one point as at the next: of
  ///   that the number is not restless.
  private static func restlessness(
    _ points: [Descriptors], besideCurve isBesideCurve: Bool = false
  ) -> Double {
    guard points.count >= 8 else { return 0 }
    let turns = points.indices.dropFirst(2).map { turn(points, endingAt: $0) }
    let changes = zip(turns, turns.dropFirst()).map { $1 - $0 }
    let sizes = (isBesideCurve ? changes : turns).map { abs($0) }.sorted()
    // By chance alone two turns differ by the root of 20 where one has the root of 6.
    return sizes[3 * sizes.count / 4] * (isBesideCurve ? (6.0 / 20).squareRoot() : 1)
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
