// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Devices that connect once and then say nothing for days. After every start of the server they
/// come back one by one: a straight line that ends far below any limit.
final class DevicesOnline: Activity {
  struct Plan {
    var devices: Int
    /// In what time all have come back.
    var withinSeconds: Double
    /// Mean time for which one stays online, and then is away.
    var onlineSeconds: Double
    var awaySeconds: Double
  }

  private let plan: Plan
  private var nextOnline: [Double] = []

  init(_ name: String, _ plan: Plan, in host: SimulatedHost, workers: [Int]) {
    self.plan = plan
    super.init(name, in: host, workers: workers, isInbound: true)
    nextOnline = (0..<plan.devices).map { _ in
      host.now + host.random.uniform(0...plan.withinSeconds)
    }
  }

  override func processEnded(_ process: Int, at now: Double) {
    super.processEnded(process, at: now)
    for device in nextOnline.indices where workers[device % workers.count] == process {
      nextOnline[device] =
        now + plan.withinSeconds * Double(device + 1) / Double(nextOnline.count)
    }
  }

  override func advance(from: Double, to: Double, in host: SimulatedHost) {
    for device in nextOnline.indices where nextOnline[device] < to {
      let at = nextOnline[device]
      var new = socket(
        host, process: workers[device % workers.count], phases: [.init(.established, from: at)],
        lastDataAt: at)
      new.endsAt = at + host.random.exponential(mean: plan.onlineSeconds)
      nextOnline[device] = new.endsAt + host.random.exponential(mean: plan.awaySeconds)
      host.opens[namespace, default: 0] += 1
      if new.endsAt > to { sockets.append(new) }
    }
  }
}
