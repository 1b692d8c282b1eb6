// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Glibc
import Simulation

/// A day and more of looks in minutes: whether the core's memory grows with the number of looks.
///
/// What is measured is the whole process, the simulated host included.
enum Endurance {
  /// - Parameter ticks: Looks, ten seconds apart: 86,400 are ten days.
  static func run(seed: UInt64, ticks: Int) {
    var run = EnduranceRun(seed: seed)
    var points: [(hours: Double, kilobytes: Double)] = []
    var mostRemembered = 0
    print("tick  RssAnon kB  connections  findings  events")
    for tick in 1...ticks {
      run.tick()
      let remembered = run.watch.census?.connectionCount ?? 0
      mostRemembered = max(mostRemembered, remembered)
      if tick % 100 == 0, tick > ticks / 10 {
        points.append((Double(tick) * 10 / 3600, Double(anonymousKilobytes())))
      }
      if tick % max(1, ticks / 20) == 0 {
        print(tick, anonymousKilobytes(), remembered, run.watch.findings.count, run.events)
      }
    }
    let line = slope(points)
    print(
      "most connections \(mostRemembered), alarms \(run.run.alarms.count), RssAnon",
      "\(line.slope) kB an hour of the host's time, +- \(line.half) (95 %)")
  }

  private static func anonymousKilobytes() -> Int {
    guard let file = fopen("/proc/self/status", "r") else { return -1 }
    defer { fclose(file) }
    var bytes = [CChar](repeating: 0, count: 256)
    while fgets(&bytes, Int32(bytes.count), file) != nil {
      let text = bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
      let line = String(decoding: text, as: UTF8.self)
      guard line.hasPrefix("RssAnon:") else { continue }
      return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? -1
    }
    return -1
  }

  /// The line of least squares, and the half width of the 95 % interval of its slope.
  private static func slope(_ points: [(hours: Double, kilobytes: Double)])
    -> (slope: Double, half: Double)
  {
    let n = Double(points.count)
    guard n > 2 else { return (0, 0) }
    let (x, y) = (
      points.reduce(0) { $0 + $1.hours } / n, points.reduce(0) { $0 + $1.kilobytes } / n
    )
    let xx = points.reduce(0) { $0 + ($1.hours - x) * ($1.hours - x) }
    let xy = points.reduce(0) { $0 + ($1.hours - x) * ($1.kilobytes - y) }
    let slope = xy / xx
    let rest = points.reduce(0.0) { sum, point in
      let off = point.kilobytes - y - slope * (point.hours - x)
      return sum + off * off
    }
    return (slope, 1.96 * (rest / (n - 2) / xx).squareRoot())
  }
}
