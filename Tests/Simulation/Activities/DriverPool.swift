// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Connections of a service to one database, kept by its driver: opened when they are needed for
/// the first time, and then kept open, used or not, as the server never closes one.
final class DriverPool: Activity {
  struct Plan {
    /// The most that one worker opens.
    var size: Int
    var isLastInFirstOut: Bool
    /// Mean number in use in one worker at the peak of the day.
    var concurrency: Double
    var useSeconds: Double
    /// After which time one is closed, and another opened in its place; infinite for most.
    var lifetimeSeconds: Double
    /// After which time without use one is closed; infinite for most.
    var idleSeconds: Double
    var trough: Double
    /// Mean time between two moments in which all are needed at once.
    var rushEverySeconds: Double
  }

  private let plan: Plan
  /// By worker: those that it has, in the order in which they were opened.
  private var held: [[UInt64]]
  private var nextToUse: [Int]

  init(_ name: String, _ plan: Plan, in host: SimulatedHost, workers: [Int]) {
    self.plan = plan
    held = workers.map { _ in [] }
    nextToUse = workers.map { _ in 0 }
    super.init(name, in: host, workers: workers, isInbound: false)
  }

  override func processEnded(_ process: Int, at now: Double) {
    super.processEnded(process, at: now)
    for worker in workers.indices where workers[worker] == process { held[worker] = [] }
  }

  override func advance(from: Double, to: Double, in host: SimulatedHost) {
    let mean = plan.concurrency * diurnal(to, trough: plan.trough)
    for worker in workers.indices {
      close(worker, at: to, in: host)
      let isRush = host.random.chance(min(1, (to - from) / plan.rushEverySeconds))
      let drawn = mean + mean.squareRoot() * host.random.uniform(-1.5...1.5)
      let wanted = isRush ? plan.size : max(0, min(plan.size, Int(drawn.rounded())))
      while held[worker].count < wanted {
        open(worker, at: host.random.uniform(from...to), in: host)
      }
      use(worker, wanted, from: from, to: to, in: host)
    }
  }

  private func open(_ worker: Int, at instant: Double, in host: SimulatedHost) {
    let new = socket(
      host, process: workers[worker], phases: .init(.init(.established, from: instant)),
      lastDataAt: instant)
    sockets.append(new)
    held[worker].append(new.number)
    host.opens[namespace, default: 0] += 1
  }

  private func use(
    _ worker: Int, _ wanted: Int, from: Double, to: Double, in host: SimulatedHost
  ) {
    let count = held[worker].count
    guard count > 0, wanted > 0 else { return }
    let turns = plan.isLastInFirstOut ? 1 : max(1, (to - from) / plan.useSeconds)
    for turn in 0..<min(count, Int(Double(wanted) * turns)) {
      // The newest ones over and over, or all of them in turn.
      let place =
        plan.isLastInFirstOut ? count - 1 - turn : (nextToUse[worker] + turn) % count
      guard let index = position(of: held[worker][place]) else { continue }
      let instant = host.random.uniform(from...to)
      sockets[index].lastDataAt = max(sockets[index].lastDataAt, instant)
    }
    nextToUse[worker] = (nextToUse[worker] + min(count, Int(Double(wanted) * turns))) % count
  }

  private func close(_ worker: Int, at now: Double, in host: SimulatedHost) {
    guard plan.lifetimeSeconds.isFinite || plan.idleSeconds.isFinite else { return }
    var renewed = 0
    held[worker].removeAll { number in
      guard let index = position(of: number) else { return true }
      let begin = sockets[index].phases[0].from
      let isOld = now - begin >= plan.lifetimeSeconds * (0.975 + 0.025 * Double(number % 3))
      guard isOld || now - sockets[index].lastDataAt >= plan.idleSeconds else { return false }
      if isOld { renewed += 1 }
      sockets[index].phases = .init(
        sockets[index].phases[0], .init(.timeWait, from: now, isOrphan: true))
      sockets[index].endsAt = now + 60
      return true
    }
    for _ in 0..<renewed { open(worker, at: now, in: host) }
  }
}
