// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@testable import Reporting

@Suite struct StateTimelineTests {
  /// Two weeks of samples at uneven times, with bursts, for one seed.
  private struct Run {
    var timeline = StateTimeline()
    var samples: [(at: BootInstant, closeWait: Int)] = []

    init(seed: UInt64, count: Int = 4000) {
      var state = seed
      func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
      }
      var at = BootInstant(seconds: Double(next() % 100_000))
      for _ in 0..<count {
        let isGap = next() % 200 == 0
        at = at.advanced(bySeconds: isGap ? Double(next() % 90_000) : Double(next() % 60))
        let closeWait = next() % 50 == 0 ? Int(next() % 100_000) : Int(next() % 10)
        samples.append((at, closeWait))
        timeline.add([.closeWait: closeWait, .listen: 3], at: at)
      }
    }
  }

  @Test(arguments: UInt64(1)...8)
  func `however long it runs, it keeps a bounded number of steps in order of time`(seed: UInt64) {
    let timeline = Run(seed: seed).timeline
    for window in [timeline.hour, timeline.day] {
      let points = window.points(of: .closeWait)
      #expect(points.count == window.count)
      #expect(!points.isEmpty && points.count <= window.limit)
      for (a, b) in zip(points, points.dropFirst()) { #expect(a.at < b.at) }
      if let first = points.first, let last = points.last {
        #expect(last.at.seconds(since: first.at) < window.spanSeconds)
      }
    }
  }

  @Test(arguments: UInt64(1)...8)
  func `a step has the highest number of its samples, and no other`(seed: UInt64) {
    let run = Run(seed: seed)
    for window in [run.timeline.hour, run.timeline.day] {
      for point in window.points(of: .closeWait) {
        let end = point.at.advanced(bySeconds: window.stepSeconds)
        let within = run.samples.filter { $0.at >= point.at && $0.at < end }.map(\.closeWait)
        #expect(point.sockets == within.max())
      }
    }
  }

  @Test(arguments: UInt64(1)...8)
  func `every sample of the span is in a step`(seed: UInt64) throws {
    let run = Run(seed: seed)
    for window in [run.timeline.hour, run.timeline.day] {
      let points = window.points(of: .closeWait)
      let first = try #require(points.first)
      for sample in run.samples where sample.at >= first.at {
        #expect(
          points.contains {
            $0.at <= sample.at && sample.at < $0.at.advanced(bySeconds: window.stepSeconds)
          })
      }
    }
  }

  @Test func `a state that no sample has read is not 0`() {
    var timeline = StateTimeline()
    timeline.add([.closeWait: 0], at: BootInstant(seconds: 10))
    #expect(timeline.hour.points(of: .established).map(\.sockets) == [nil])
    #expect(timeline.hour.points(of: .closeWait).map(\.sockets) == [0])
    timeline.add([.established: 7], at: BootInstant(seconds: 20))
    #expect(timeline.hour.points(of: .established).map(\.sockets) == [7])
    #expect(timeline.hour.points(of: .closeWait).map(\.sockets) == [0])
  }

  @Test func `states without a name are one sum, and numbers beyond the range are cut`() {
    var timeline = StateTimeline()
    timeline.add(
      [TCPState(rawValue: 77): 2, TCPState(rawValue: .max): 3, .listen: .max],
      at: BootInstant(seconds: 0))
    #expect(timeline.day.points(of: TCPState(rawValue: 99)).map(\.sockets) == [5])
    #expect(timeline.day.points(of: .listen).map(\.sockets) == [Int(Int32.max)])
  }

  @Test func `a sample from before the newest one is taken into the newest step`() {
    var timeline = StateTimeline()
    timeline.add([.listen: 1], at: BootInstant(seconds: 5000))
    timeline.add([.listen: 9], at: BootInstant(seconds: 4000))
    #expect(timeline.hour.points(of: .listen).map(\.sockets) == [9])
    #expect(timeline.newestAt == BootInstant(seconds: 5000))
  }
}
