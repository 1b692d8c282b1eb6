// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// A server that takes as many clients as it is set to, always has so many, and lets the next wait
/// for a moment until one goes.
final class ServerAtLimit: Activity {
  struct Plan {
    var clients: Int
    /// How long a client stays, on average.
    var staySeconds: Double
    /// How long the next one waits at most.
    var waitSeconds: Double
  }

  private let plan: Plan
  /// When each place becomes free.
  private var freeAt: [Double] = []

  init(_ name: String, _ plan: Plan, in host: SimulatedHost, workers: [Int]) {
    self.plan = plan
    super.init(name, in: host, workers: workers, isInbound: true)
    fill(at: host.now)
  }

  /// It is full as soon as it runs: its clients wait for it already.
  private func fill(at now: Double) {
    freeAt = (0..<plan.clients).map { now + Double($0) / Double(plan.clients) }
  }

  override func processEnded(_ process: Int, at now: Double) {
    guard process == workers.first else { return }
    super.processEnded(process, at: now)
    // Those who were turned out come back at once.
    fill(at: now)
  }

  override func advance(from: Double, to: Double, in host: SimulatedHost) {
    for place in freeAt.indices {
      // Whoever is accepted soon waits already.
      while freeAt[place] < to + plan.waitSeconds {
        let accepted = freeAt[place]
        let came = accepted - host.random.uniform(0...plan.waitSeconds)
        var new = socket(
          host, process: workers.first ?? -1,
          phases: [
            .init(.established, from: came, isOrphan: true), .init(.established, from: accepted),
          ], lastDataAt: accepted)
        new.endsAt = accepted + host.random.exponential(mean: plan.staySeconds)
        freeAt[place] = new.endsAt
        host.opens[namespace, default: 0] += 1
        sockets.append(new)
      }
    }
  }

  override func queued(at now: Double) -> UInt32 {
    UInt32(sockets.count { $0.phase(at: now)?.isOrphan == true })
  }
}
