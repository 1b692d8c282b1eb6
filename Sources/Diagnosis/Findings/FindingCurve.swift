// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// A number over the whole life of a finding in few points, evenly apart in time: when there is no
/// more room every second one goes, and new ones come half as often. The first and the newest stay.
struct FindingCurve: Sendable {
  /// What a curve of a line of text or of a chart can show.
  static let most = 60

  private(set) var points: [HistoryPoint]
  /// Seconds between two points, at least; 0: every look is one.
  private var spacing = 0.0

  init(_ first: HistoryPoint) { points = [first] }

  /// Adds what is known now.
  mutating func add(_ point: HistoryPoint) {
    let isTooNear =
      points.count > 1
      && point.at.seconds(since: points[points.count - 2].at) < 0.99 * spacing
    // The newest is always there; it stays when it is far enough from the last.
    if isTooNear { points.removeLast() }
    points.append(point)
    guard points.count > Self.most else { return }
    let span = point.at.seconds(since: points[0].at)
    points = points.indices.filter { $0 % 2 == 0 || $0 == points.count - 1 }.map { points[$0] }
    spacing = span / Double(points.count - 1)
  }
}
