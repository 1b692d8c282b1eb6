// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Reporting

@Suite struct CurveTests {
  private func curve(_ points: [(Double, Double?)], future: Double = 0) -> Curve {
    Curve(
      points: points.map { Curve.Point(seconds: $0.0, value: $0.1) }, pastSeconds: 100,
      futureSeconds: future, top: 10, joinSeconds: 60)
  }

  @Test func `the oldest point is at the left edge, now at the right, 0 at the bottom`() {
    #expect(curve([(-100, 0), (-50, 5), (0, 10)]).line == "M0 160L300 80L600 0")
    #expect(curve([(-100, 0), (-50, 5), (0, 10)]).area == "M0 160L0 160L300 80L600 0L600 160Z")
    #expect(curve([(-100, 0), (0, 10)], future: 100).x(0) == 300)
  }

  @Test func `a time in which nobody looked is a hole, and a lone point is a dot`() {
    #expect(curve([(-100, 0), (-30, 5), (0, 10)]).line == "M0 160h0M420 80L600 0")
    #expect(curve([(-60, 5), (-30, nil), (0, 5)]).line == "M240 80h0M600 80h0")
    #expect(curve([(-100, nil)]).line == "")
    #expect(curve([(0, nil)]).dot == nil)
  }

  @Test func `what is outside of the plot is drawn at its edge`() {
    #expect(curve([(-200, -4), (-150, 99), (-100, .infinity)]).line == "M0 160L0 0L0 0")
  }

  @Test func `the cone ends at the level or at the edge of the plot`() {
    let plot = curve([(-100, 0), (0, 5)], future: 100)
    // 5 at 0.1 a second reaches 10 in 50 s; at 0.02 it is 7 after 100 s.
    #expect(
      plot.cone(from: 5, low: 0.02, high: 0.1, level: 10) == "M300 80L450 0L600 0L600 48Z")
    #expect(plot.cone(from: 5, low: 0, high: 0.01, level: 10) == "M300 80L600 64L600 80Z")
  }

  @Test(arguments: [0, 1, 3.9, 4, 5, 9, 11, 99, 101, 129, 1000, 28_232, 999_999])
  func `the top of an axis is readable, not below the value and not far above it`(value: Double) {
    let top = Curve.readable(above: value)
    #expect(top >= value)
    #expect(top <= max(4, value * 1.5))
  }
}
