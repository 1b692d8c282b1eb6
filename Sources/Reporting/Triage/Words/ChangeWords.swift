// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// Says what has happened to a finding, and when.
struct ChangeWords {
  let clock: WallTime

  /// `14:02 began to fire with 12`. Oldest first.
  func lines(_ finding: Finding) -> [String] {
    finding.changes.map { "\(clock.text(of: $0.at)) \(what($0.kind, finding))" }
  }

  private func what(_ kind: FindingChange.Kind, _ finding: Finding) -> String {
    switch kind {
    case .appeared(let sockets): "first seen with \(Quantity.count(sockets)), not confirmed yet"
    case .fired(let sockets): "began to fire with \(Quantity.count(sockets))"
    case .doubled(let sockets): "has grown to \(Quantity.count(sockets))"
    case .severity(let severity): "became \(severity.name)"
    case .replaced(let was, let now): "pid \(now.pid) has taken the place of pid \(was.pid)"
    case .acceptanceOver(let standing): AcceptedWords.over(standing)
    case .ended: "ended"
    }
  }

  /// `faster: 180 more in the last 60 min, 60 in the 60 min before`; nil when there is no clear
  /// difference, or it was not watched for long enough.
  static func pace(_ finding: Finding) -> String? {
    guard let first = finding.history.first?.at, let last = finding.history.last else { return nil }
    let window = min(3600, last.at.seconds(since: first) / 2)
    guard window >= 600, finding.history.count >= 12 else { return nil }
    let middle = value(finding.history, at: last.at.advanced(bySeconds: -window))
    let start = value(finding.history, at: last.at.advanced(bySeconds: -2 * window))
    let (now, before) = (last.sockets - middle, middle - start)
    // 10: fewer is the noise of single connections.
    guard abs(now - before) >= 10, max(now, before) > 0 else { return nil }
    let isFaster = Double(now) >= 1.5 * Double(before)
    guard isFaster || Double(before) >= 1.5 * Double(now) else { return nil }
    let span = Quantity.duration(window)
    return "\(isFaster ? "faster" : "slower"): \(signed(now)) in the last \(span), "
      + "\(signed(before)) in the \(span) before"
  }

  /// For how many seconds nothing has come any more, where it had grown so fast that this is no
  /// chance; nil otherwise. A rule is slower to call it steady: the newest may be one of many.
  static func pauseSeconds(_ finding: Finding) -> Double? {
    let points = finding.history
    guard let first = points.first, let last = points.last else { return nil }
    var (rise, roseAt) = (0, first.at)
    for (before, point) in zip(points, points.dropFirst()) where point.sockets > before.sockets {
      rise += point.sockets - before.sockets
      roseAt = point.at
    }
    let span = roseAt.seconds(since: first.at)
    let pause = last.at.seconds(since: roseAt)
    // 10 would have come at the pace before.
    guard span > 0, pause > 0, Double(rise) / span * pause >= 10 else { return nil }
    return pause
  }

  private static func signed(_ value: Int) -> String {
    (value > 0 ? "+" : "") + Quantity.count(value)
  }

  /// The number at an instant: between two points the straight line between them.
  private static func value(_ points: [HistoryPoint], at instant: BootInstant) -> Int {
    guard let after = points.firstIndex(where: { $0.at >= instant }) else {
      return points.last?.sockets ?? 0
    }
    guard after > 0 else { return points[0].sockets }
    let (left, right) = (points[after - 1], points[after])
    let span = right.at.seconds(since: left.at)
    guard span > 0 else { return right.sockets }
    let share = instant.seconds(since: left.at) / span
    return left.sockets + Int((Double(right.sockets - left.sockets) * share).rounded())
  }
}
