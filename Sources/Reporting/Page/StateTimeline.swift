// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// How many sockets were in each state over the last hour and the last day: the highest number of
/// each step of time, so that a short burst is not lost. At most some 13 kB, however long it runs.
package struct StateTimeline: Hashable, Sendable {
  /// One step of time in which there was a sample.
  package struct Point: Hashable, Sendable {
    /// The begin of the step.
    package var at: BootInstant
    /// The most sockets in the step; nil when no sample has read this state.
    package var sockets: Int?
  }

  /// The newest steps of one length.
  package struct Window: Hashable, Sendable {
    package let stepSeconds: Double
    /// The most steps that are kept.
    package let limit: Int
    private var steps: [Int32] = []
    /// By the number of the state; -1: not read.
    private var highest: [SIMD16<Int32>] = []

    init(stepSeconds: Double, limit: Int) {
      self.stepSeconds = stepSeconds
      self.limit = limit
    }

    /// From the begin of the oldest step that is kept to the end of the newest.
    package var spanSeconds: Double { stepSeconds * Double(limit) }

    package var count: Int { steps.count }

    /// The curve of one state, oldest first.
    package func points(of state: TCPState) -> [Point] {
      let lane = StateTimeline.lane(of: state)
      return zip(steps, highest).map { step, highest in
        Point(
          at: BootInstant(seconds: Double(step) * stepSeconds),
          sockets: highest[lane] < 0 ? nil : Int(highest[lane]))
      }
    }

    mutating func add(_ counts: SIMD16<Int32>, at now: BootInstant) {
      let step = Int32(clamping: Int(now.seconds / stepSeconds))
      if let newest = steps.last, step <= newest {
        highest[highest.count - 1] = pointwiseMax(highest[highest.count - 1], counts)
      } else {
        steps.append(step)
        highest.append(counts)
      }
      let old = steps.prefix { Int(step) - Int($0) >= limit }.count
      steps.removeFirst(old)
      highest.removeFirst(old)
    }
  }

  /// In steps of 40 s.
  package private(set) var hour = Window(stepSeconds: 40, limit: 90)
  /// In steps of 15 min.
  package private(set) var day = Window(stepSeconds: 900, limit: 96)
  /// When the first and the newest sample were taken.
  package private(set) var firstAt: BootInstant?
  package private(set) var newestAt: BootInstant?

  package init() {}

  /// Takes in a sample.
  ///
  /// - Parameter counts: Of the states that the sample has read.
  package mutating func add(_ counts: [TCPState: Int], at now: BootInstant) {
    var lanes = SIMD16<Int32>(repeating: -1)
    for (state, count) in counts {
      let lane = Self.lane(of: state)
      lanes[lane] = Int32(clamping: max(0, Int(lanes[lane])) + max(0, count))
    }
    firstAt = firstAt ?? now
    newestAt = max(newestAt ?? now, now)
    hour.add(lanes, at: now)
    day.add(lanes, at: now)
  }

  /// States that this program does not know share the place of number 0.
  private static func lane(of state: TCPState) -> Int {
    state.rawValue < 16 ? Int(state.rawValue) : 0
  }
}
