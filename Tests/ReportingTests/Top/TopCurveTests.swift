// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@testable import Reporting

@Suite struct TopCurveTests {
  private func curve(_ values: [Int], every seconds: Double) -> TopCurve {
    var curve = TopCurve()
    for (index, value) in values.enumerated() {
      curve.add(value, at: BootInstant(seconds: 1000 + Double(index) * seconds))
    }
    return curve
  }

  @Test func `growth is the change in a minute, by the last minute`() throws {
    let growth = try #require(curve((0...60).map { 3 * $0 }, every: 2).growth)
    #expect(growth.perMinute == 90)
    #expect(growth.trend == .up)
    // It was steep, and has been flat for a minute.
    let flat = try #require(
      curve([0, 500, 1000] + Array(repeating: 1000, count: 31), every: 2).growth)
    #expect(flat.perMinute == 0)
    #expect(flat.trend == .steady)
  }

  @Test func `two more or less are no trend, three are`() throws {
    #expect(try #require(curve([10, 10, 12], every: 2).growth).trend == .steady)
    #expect(try #require(curve([10, 10, 13], every: 2).growth).trend == .up)
    #expect(try #require(curve([13, 12, 10], every: 2).growth).trend == .down)
  }

  @Test func `one look, or two within a moment, tell nothing`() {
    #expect(curve([5], every: 2).growth == nil)
    #expect(curve([5, 9], every: 1).growth == nil)
  }

  @Test func `looks that are far apart are compared with each other`() throws {
    let growth = try #require(curve([0, 0, 300], every: 100).growth)
    #expect(growth.perMinute == 180)
  }
}
