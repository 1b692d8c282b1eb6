// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// The kernel's counters of each namespace over the time watched, and the descriptor counts of
/// processes: numbers that only mean something as a difference.
package struct CounterLog: Sendable {
  private struct Point {
    var at: BootInstant
    var counters: TCPCounters
  }

  private struct Descriptors {
    var at: BootInstant
    var count: Int
  }

  /// Oldest first; thinned to every second point when full, so that the span stays.
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

  private static func thin<Element>(_ points: inout [Element]) {
    guard points.count > Self.points else { return }
    points = points.enumerated().filter { $0.offset % 2 == 0 || $0.offset == points.count - 1 }
      .map(\.element)
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
    /// The most that growth which slows down all the time can reach; nil: it does not slow down.
    package var restsAt: Double?
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
    course.samples = above.count
    course.standingSeconds = above.last.map { last.at.seconds(since: $0.at) } ?? 0
    var span = window
    let known = last.at.seconds(since: points[0].at)
    while known > 0 {
      let recent = points.filter { last.at.seconds(since: $0.at) <= span }
      course.growth = course.growth ?? Self.growth(recent)
      course.restsAt = course.restsAt ?? Self.rest(recent)
      if span >= known { break }
      span *= 4
    }
    return course
  }

  /// A cache that fills has ever less to take in: it rises less in each third of the time than in
  /// the one before, by more than chance (two standard deviations), and in the same measure again
  /// in what is to come. At most, as far as chance goes: a leak may begin while a cache fills.
  private static func rest(_ points: [Descriptors]) -> Double? {
    guard let first = points.first, let last = points.last else { return nil }
    let span = last.at.seconds(since: first.at)
    let levels = (0...3).map { part in
      Double(
        (points.first { $0.at.seconds(since: first.at) >= span * Double(part) / 3 * 0.999 } ?? last)
          .count)
    }
    let rises = zip(levels, levels.dropFirst()).map { $1 - $0 }
    let isSlower = zip(rises, rises.dropFirst()).allSatisfy { before, after in
      after > 0 && before - after > 2 * (before + after).squareRoot()
    }
    guard isSlower else { return nil }
    let most = rises[2] + 2 * rises[2].squareRoot()
    let ratio = most / (rises[1] - 2 * rises[1].squareRoot())
    return ratio > 0 && ratio < 1 ? levels[3] + most * ratio / (1 - ratio) : nil
  }

  /// Growth that goes on: it rises in each part of the time. A jump to a level that stands then
  /// (a cache that was filled) is none.
  private static func growth(_ points: [Descriptors]) -> Rate? {
    guard points.count >= 3, let first = points.first, let last = points.last else { return nil }
    let span = last.at.seconds(since: first.at)
    let rise = Double(last.count - first.count)
    guard span > 0, rise >= 4 else { return nil }
    let parts = points.count == 3 ? 2.0 : 3.0
    var before = first
    for part in stride(from: 1, through: parts, by: 1) {
      let end = span * part / parts * 0.999
      let after = points.first { $0.at.seconds(since: first.at) >= end } ?? last
      guard 8 * Double(after.count - before.count) >= rise else { return nil }
      before = after
    }
    let noise = 2 * rise.squareRoot()
    return Rate(
      perSecond: rise / span, low: max(0, rise - noise) / span, high: (rise + noise) / span)
  }
}
