// SPDX-License-Identifier: Apache-2.0

import KernelTables
import TestSupport
import Testing

@testable import Diagnosis

@Suite struct FindingCurveTests {
  /// A look every ten seconds, whose number is that of the look.
  private func curve(looks: Int) -> [HistoryPoint] {
    var curve = FindingCurve(HistoryPoint(at: HostScript.instant(0), sockets: 0))
    for look in 1..<looks {
      curve.add(HistoryPoint(at: HostScript.instant(10 * Double(look)), sockets: look))
    }
    return curve.points
  }

  @Test func `as long as there is room every look is a point`() {
    #expect(curve(looks: 60).map(\.sockets) == Array(0..<60))
  }

  @Test(arguments: [61, 100, 1000, 10_000])
  func `the first and the newest stay, and the rest is even over the whole life`(_ looks: Int) {
    let points = curve(looks: looks)
    #expect(points.count <= 60)
    #expect(points.count >= 30)
    #expect(points.first?.sockets == 0)
    #expect(points.last?.sockets == looks - 1)
    let gaps = zip(points.dropFirst(), points.dropLast()).map { $0.sockets - $1.sockets }
    // The newest may be nearer than the others are to each other.
    let even = gaps.dropLast()
    #expect((even.max() ?? 0) <= 2 * (even.min() ?? 0), "\(gaps)")
  }

  @Test func `looks that come faster than before do not crowd out what was`() {
    var curve = FindingCurve(HistoryPoint(at: HostScript.instant(0), sockets: 0))
    for look in 1...120 {
      curve.add(HistoryPoint(at: HostScript.instant(60 * Double(look)), sockets: look))
    }
    for look in 1...1000 {
      curve.add(HistoryPoint(at: HostScript.instant(7200 + 0.1 * Double(look)), sockets: 121))
    }
    let early = curve.points.filter { $0.sockets <= 120 }
    #expect(early.count >= 29, "\(curve.points.map(\.sockets))")
    #expect(curve.points.last?.at == HostScript.instant(7300))
  }
}
