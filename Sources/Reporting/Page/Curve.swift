// SPDX-License-Identifier: Apache-2.0

/// A number over time as a path in a plot, with its own scale.
///
/// The plot is stretched to the width that the reader's screen has: there is no text in it, and
/// strokes keep their width.
struct Curve {
  struct Point: Hashable {
    /// Seconds from now, not above 0.
    var seconds: Double
    /// nil: not known; the line breaks.
    var value: Double?
  }

  /// The plot's units across and down.
  static let width = 600.0
  static let height = 160.0

  /// Oldest first.
  var points: [Point]
  /// How far the plot reaches back and ahead of now.
  var pastSeconds: Double
  var futureSeconds = 0.0
  /// The value at the top edge.
  var top: Double
  /// Points that are farther apart than this are not joined: nobody looked in between.
  var joinSeconds: Double

  func x(_ seconds: Double) -> Double {
    let all = max(pastSeconds + futureSeconds, 1e-9)
    return Self.width * min(max((seconds + pastSeconds) / all, 0), 1)
  }

  func y(_ value: Double) -> Double {
    Self.height * (1 - min(max(value / max(top, 1e-9), 0), 1))
  }

  /// The pieces of the line, each with its points in order.
  private var pieces: [[(x: Double, y: Double)]] {
    var pieces: [[(x: Double, y: Double)]] = []
    var last: Double?
    for point in points {
      guard let value = point.value else {
        last = nil
        continue
      }
      let place = (x: x(point.seconds), y: y(value))
      if let last, point.seconds - last <= joinSeconds {
        pieces[pieces.count - 1].append(place)
      } else {
        pieces.append([place])
      }
      last = point.seconds
    }
    return pieces
  }

  /// The line as the `d` of a path. A point that stands alone is a dot.
  var line: String {
    pieces.map { piece in
      let first = piece[0]
      let start = "M" + Self.place(first.x, first.y)
      return piece.count == 1
        ? start + "h0"
        : start + piece.dropFirst().map { "L" + Self.place($0.x, $0.y) }.joined()
    }.joined()
  }

  /// What lies under the line, as the `d` of a path.
  var area: String {
    pieces.filter { $0.count > 1 }.map { piece in
      "M" + Self.place(piece[0].x, Self.height)
        + piece.map { "L" + Self.place($0.x, $0.y) }.joined()
        + "L" + Self.place(piece[piece.count - 1].x, Self.height) + "Z"
    }.joined()
  }

  /// The newest point as a dot.
  var dot: String? {
    guard let last = points.last(where: { $0.value != nil }), let value = last.value else {
      return nil
    }
    return "M" + Self.place(x(last.seconds), y(value)) + "h0"
  }

  /// Where a value that is `value` now and changes by `low` to `high` a second can be, up to
  /// `level`: as the `d` of a path.
  func cone(from value: Double, low: Double, high: Double, level: Double) -> String {
    let start = "M" + Self.place(x(0), y(value))
    return start + edge(from: value, rate: high, level: level, isBack: false)
      + edge(from: value, rate: low, level: level, isBack: true) + "Z"
  }

  /// One edge of the cone: up to the level and along it to the right end; from there for the way
  /// back.
  private func edge(from value: Double, rate: Double, level: Double, isBack: Bool) -> String {
    let reached = rate > 0 ? (level - value) / rate : .infinity
    var places: [(Double, Double)] = []
    if reached < futureSeconds { places.append((reached, level)) }
    places.append((futureSeconds, min(level, value + rate * futureSeconds)))
    return (isBack ? places.reversed() : places)
      .map { "L" + Self.place(x($0.0), y($0.1)) }.joined()
  }

  /// A pair of coordinates, to a tenth of a unit.
  static func place(_ x: Double, _ y: Double) -> String { short(x) + " " + short(y) }

  static func short(_ value: Double) -> String {
    let text = Quantity.fixed(value, decimals: 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// The next number above `value` that reads well on an axis: 1, 2, 4, 5 or 8 with zeros.
  static func readable(above value: Double) -> Double {
    guard value.isFinite, value > 4 else { return 4 }
    var scale = 1.0
    while scale * 10 < value { scale *= 10 }
    return [1.0, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].map { $0 * scale }.first { $0 >= value } ?? value
  }
}
