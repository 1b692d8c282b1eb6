// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Jobs that come in blocks, say all they have to say, shut down their sending and wait for a slow
/// answer. The tunnel holds their connections in CLOSE_WAIT until it comes: both ends are here.
final class HalfClosedTunnel: Activity {
  struct Plan {
    /// Jobs of one block.
    var jobs: Int
    var everySeconds: Double
    /// How long an answer takes.
    var workSeconds: ClosedRange<Double>
  }

  private let plan: Plan
  private var next: Double

  init(_ name: String, _ plan: Plan, in host: SimulatedHost, workers: [Int]) {
    self.plan = plan
    next = host.now + host.random.exponential(mean: plan.everySeconds)
    super.init(name, in: host, workers: workers, isInbound: true)
  }

  override func advance(from: Double, to: Double, in host: SimulatedHost) {
    while next < to {
      let work = host.random.uniform(plan.workSeconds)
      for job in 0..<plan.jobs { start(at: next + Double(job) / 2, work: work, in: host) }
      next += work + host.random.exponential(mean: plan.everySeconds)
    }
  }

  private func start(at: Double, work: Double, in host: SimulatedHost) {
    let tunnel = workers.first ?? -1
    var held = socket(host, process: tunnel, phases: [.init(.closeWait, from: at)], lastDataAt: at)
    (held.isLoopback, held.endsAt) = (true, at + work)
    var waiting = socket(
      host, process: workers.last ?? -1, phases: [.init(.finWait2, from: at)], lastDataAt: at)
    (waiting.isLoopback, waiting.endsAt) = (true, at + work)
    waiting.isInbound = false
    waiting.clientPort = held.clientPort
    sockets += [held, waiting]
    host.opens[namespace, default: 0] += 2
  }
}
