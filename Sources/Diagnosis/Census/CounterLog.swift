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

  /// In how many of the newest looks, without a break, a process had at least `count` descriptors.
  package func newestLooks(of process: ProcessID, withAtLeast count: Double) -> Int {
    descriptors[process]?.reversed().prefix { Double($0.count) >= count }.count ?? 0
  }

  /// Growth of a process' open descriptors in the time watched; nil when it was seen once.
  package func descriptorGrowth(of process: ProcessID) -> Rate? {
    guard let points = descriptors[process], let first = points.first, let last = points.last,
      last.at > first.at
    else { return nil }
    let seconds = last.at.seconds(since: first.at)
    let change = Double(last.count - first.count)
    // What opens and closes goes up and down by as much as chance makes of the sum of its steps.
    let steps = zip(points, points.dropFirst()).reduce(0) { $0 + abs($1.1.count - $1.0.count) }
    let noise = 2 * Double(steps).squareRoot()
    return Rate(
      perSecond: change / seconds, low: max(0, change - noise) / seconds,
      high: (change + noise) / seconds)
  }
}
