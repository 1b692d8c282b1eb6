// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Users who come online in the morning, through a proxy that opens a connection of its own for
/// each, say hardly anything for hours, and go in the evening.
final class ProxiedUsers: Activity {
  struct Plan {
    /// How many are there at the peak of the day.
    var users: Double
    var staySeconds: Double
    var trough: Double
  }

  private let plan: Plan
  private let backend: UInt16

  init(_ name: String, _ plan: Plan, in host: SimulatedHost, workers: [Int]) {
    self.plan = plan
    backend = host.newPort()
    super.init(name, in: host, workers: workers, isInbound: true)
  }

  override func advance(from: Double, to: Double, in host: SimulatedHost) {
    let rate = plan.users / plan.staySeconds * diurnal(to, trough: plan.trough)
    for at in host.random.arrivals(perSecond: rate, from: from, to: to) {
      let process = host.random.pick(workers, or: -1)
      var user = socket(
        host, process: process, phases: .init(.init(.established, from: at)), lastDataAt: at)
      user.endsAt = at + host.random.exponential(mean: plan.staySeconds)
      var behind = socket(
        host, process: process, phases: .init(.init(.established, from: at)), lastDataAt: at)
      (behind.isInbound, behind.port, behind.endsAt) = (false, backend, user.endsAt)
      host.opens[namespace, default: 0] += 2
      if user.endsAt > to {
        sockets.append(user)
        sockets.append(behind)
      }
    }
  }
}
