// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// A number over time, as far back as a person looks.
struct TopCurve: Hashable, Sendable {
  /// What it has done lately.
  struct Growth: Hashable, Sendable {
    enum Trend: Hashable, Sendable { case up, steady, down }
    /// The change for each minute.
    var perMinute: Double
    var trend: Trend
  }

  /// Two minutes of looks every two seconds.
  private static let mostPoints = 60
  /// The last minute: long enough for a slow leak to show, short enough to be now.
  private static let windowSeconds = 60.0
  /// Below this, the change between two looks is chance.
  private static let shortestSeconds = 3.0
  /// A change by one or two is no trend: a slow handler makes it.
  private static let smallestChange = 3

  /// Oldest first.
  private(set) var points: [HistoryPoint] = []

  init() {}

  mutating func add(_ value: Int, at instant: BootInstant) {
    points.append(HistoryPoint(at: instant, sockets: value))
    if points.count > Self.mostPoints { points.removeFirst(points.count - Self.mostPoints) }
  }

  /// The change over the last minute, or over the time watched when that is less.
  var growth: Growth? {
    guard let last = points.last, points.count > 1 else { return nil }
    let start = points.dropLast().first { last.at.seconds(since: $0.at) <= Self.windowSeconds }
    // With looks that are further apart than the window, two of them have to do.
    let first = start ?? points[points.count - 2]
    let seconds = last.at.seconds(since: first.at)
    guard seconds >= Self.shortestSeconds else { return nil }
    let change = last.sockets - first.sockets
    let trend: Growth.Trend =
      change >= Self.smallestChange ? .up : change <= -Self.smallestChange ? .down : .steady
    return Growth(perMinute: Double(change) * 60 / seconds, trend: trend)
  }
}
