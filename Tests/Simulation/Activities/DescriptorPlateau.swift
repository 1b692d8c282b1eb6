// SPDX-License-Identifier: Apache-2.0

/// Programs that keep files open up to a bound of their own, near their limit, and stay there: a
/// database's cache of files, a proxy's of connections. They fill quickly at first and ever more
/// slowly, as ever less is new.
final class DescriptorPlateau: Activity {
  struct Plan {
    /// Descriptors at which it stands, in each worker.
    var level: Int
    /// In what time half of what is missing is filled.
    var halfSeconds: Double
    /// How much it varies once it stands.
    var wobble: Int
  }

  private let plan: Plan
  private var startedAt: [Double]

  init(_ name: String, _ plan: Plan, in host: SimulatedHost, workers: [Int]) {
    self.plan = plan
    startedAt = workers.map { _ in host.now }
    super.init(name, in: host, workers: workers, isInbound: true)
  }

  override func processEnded(_ process: Int, at now: Double) {
    super.processEnded(process, at: now)
    for index in workers.indices where workers[index] == process { startedAt[index] = now }
  }

  override func advance(from: Double, to: Double, in host: SimulatedHost) {
    for (worker, start) in zip(workers, startedAt) {
      let halves = (to - start) / plan.halfSeconds
      let missing = Double(plan.level) * Self.half(toThe: halves)
      let wobble = host.random.integer(0...plan.wobble)
      host.openFiles(max(20, plan.level - Int(missing) - wobble), in: worker)
    }
  }

  private static func half(toThe exponent: Double) -> Double {
    guard exponent < 60 else { return 0 }
    let whole = exponent.rounded(.down)
    return Double(sign: .plus, exponent: -Int(whole), significand: power(0.5, exponent - whole))
  }
}
