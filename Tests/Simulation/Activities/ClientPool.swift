// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// A client's pool of kept connections to one server that closes idle ones.
///
/// The pool notices only when it takes a connection out: it discards the dead one and opens
/// another. Until then it is CLOSE_WAIT with nothing but the end of stream unread. With last in,
/// first out and a falling load, the lower ones lie so for hours.
final class ClientPool: Activity {
  struct Plan {
    var size: Int
    var isLastInFirstOut: Bool
    /// Mean number of connections in use at the peak of the day.
    var concurrency: Double
    var useSeconds: Double
    /// The server's idle timeout.
    var idleSeconds: Double
    /// Recv-Q of a connection that the server closed: 1, or with a TLS close_notify.
    var receiveQueue: UInt32
    /// How long the client lets one lie before it closes it; infinite for most.
    var evictSeconds: Double
    var trough: Double
    /// How often the load changes by chance, and by how much.
    var wander: Double
    /// How much the number in use varies from moment to moment, in standard deviations of
    /// independent requests; 0 where something paces them.
    var jitter: Double
  }

  private let plan: Plan
  /// Numbers of idle connections, the longest idle first. Those before the first are taken: all
  /// others would have to move up for each.
  private var idle: [UInt64] = []
  private var firstIdle = 0
  private var inUse: [(number: UInt64, until: Double)] = []
  private var load = 1.0

  init(_ name: String, _ plan: Plan, in host: SimulatedHost, workers: [Int]) {
    self.plan = plan
    super.init(name, in: host, workers: workers, isInbound: false)
  }

  override func processEnded(_ process: Int, at now: Double) {
    guard process == workers.first else { return }
    super.processEnded(process, at: now)
    idle = []
    firstIdle = 0
    inUse = []
  }

  override func advance(from: Double, to: Double, in host: SimulatedHost) {
    // A connection is taken out as often as it has been given back: within a look too.
    let steps = min(4, max(1, ((to - from) / (2 * plan.useSeconds)).rounded(.up)))
    for step in 0..<Int(steps) {
      let length = (to - from) / steps
      let begin = from + Double(step) * length
      use(from: begin, to: begin + length, in: host)
    }
  }

  private func use(from: Double, to: Double, in host: SimulatedHost) {
    if host.random.chance(min(1, (to - from) / 300)) {
      load = host.random.uniform((1 - plan.wander)...(1 + plan.wander))
    }
    giveBack(at: to)
    evict(at: to)
    // In use now: a number around the mean, as independent requests would make it.
    let mean = plan.concurrency * diurnal(to, trough: plan.trough) * load
    let spread = (mean.squareRoot() * host.random.uniform(-1.5...1.5) * plan.jitter)
    let wanted = max(0, min(plan.size, Int((mean + spread).rounded())))
    while inUse.count < wanted { take(at: host.random.uniform(from...to), now: to, in: host) }
  }

  private func giveBack(at now: Double) {
    idle.removeSubrange(..<firstIdle)
    firstIdle = 0
    var kept = 0
    for place in inUse.indices {
      let use = inUse[place]
      guard use.until <= now else {
        inUse[kept] = use
        kept += 1
        continue
      }
      guard let index = position(of: use.number) else { continue }
      sockets[index].giveBack(
        at: use.until, closing: use.until + plan.idleSeconds, receiveQueue: plan.receiveQueue)
      idle.append(use.number)
    }
    inUse.removeSubrange(kept...)
  }

  private func evict(at now: Double) {
    guard plan.evictSeconds.isFinite else { return }
    let limit = now - plan.evictSeconds
    let old = Set(sockets.filter { $0.lastDataAt < limit }.map(\.number)).intersection(idle)
    guard !old.isEmpty else { return }
    sockets.removeAll { old.contains($0.number) }
    idle.removeAll { old.contains($0) }
  }

  private func takeIdle() -> UInt64? {
    guard firstIdle < idle.count else { return nil }
    if plan.isLastInFirstOut { return idle.removeLast() }
    firstIdle += 1
    return idle[firstIdle - 1]
  }

  private func take(at instant: Double, now: Double, in host: SimulatedHost) {
    var number: UInt64?
    if let taken = takeIdle() {
      let index = position(of: taken)
      if let index, sockets[index].phase(at: now)?.state == .established {
        sockets[index].phases = .init(sockets[index].phases[0])
        sockets[index].lastDataAt = instant
        number = taken
      } else if let index {
        // It goes with those that are over: all behind it would have to move up now.
        sockets[index].endsAt = now
      }
    }
    if number == nil {
      let new = socket(
        host, process: workers.first ?? -1, phases: .init(.init(.established, from: instant)),
        lastDataAt: instant)
      sockets.append(new)
      host.opens[namespace, default: 0] += 1
      number = new.number
    }
    guard let number else { return }
    inUse.append((number, instant + host.random.exponential(mean: plan.useSeconds)))
  }
}

/// A worker each with one connection of its own, opened at its first use. While workers are still
/// being used for the first time, their number only grows.
final class WorkerRamp: Activity {
  struct Plan {
    var workers: Int
    /// In what time all workers have had their first use.
    var rampSeconds: Double
    /// Mean time between two uses of one worker.
    var useEverySeconds: Double
    var idleSeconds: Double
    var receiveQueue: UInt32
  }

  private let plan: Plan
  private var nextUse: [Double] = []
  private var current: [UInt64?] = []

  init(_ name: String, _ plan: Plan, in host: SimulatedHost, workers: [Int]) {
    self.plan = plan
    super.init(name, in: host, workers: workers, isInbound: false)
    begin(host.now, in: host)
  }

  private func begin(_ now: Double, in host: SimulatedHost) {
    current = Array(repeating: nil, count: plan.workers)
    nextUse = (0..<plan.workers).map { _ in now + host.random.uniform(0...plan.rampSeconds) }
  }

  override func processEnded(_ process: Int, at now: Double) {
    super.processEnded(process, at: now)
    // The new process meets its work in the same order.
    for worker in current.indices where workers[worker % workers.count] == process {
      current[worker] = nil
      nextUse[worker] = now + plan.rampSeconds * Double(worker + 1) / Double(plan.workers)
    }
  }

  override func advance(from: Double, to: Double, in host: SimulatedHost) {
    for worker in current.indices {
      while nextUse[worker] < to {
        use(worker, at: nextUse[worker], in: host)
        nextUse[worker] += host.random.exponential(mean: plan.useEverySeconds)
      }
    }
  }

  private func use(_ worker: Int, at instant: Double, in host: SimulatedHost) {
    if let number = current[worker], let index = position(of: number) {
      if sockets[index].phase(at: instant)?.state == .established {
        sockets[index].lastDataAt = instant
        sockets[index].phases[1].from = instant + plan.idleSeconds
        return
      }
      sockets.remove(at: index)
    }
    let new = socket(
      host, process: workers[worker % workers.count],
      phases: [
        .init(.established, from: instant),
        .init(.closeWait, from: instant + plan.idleSeconds, receiveQueue: plan.receiveQueue),
      ], lastDataAt: instant)
    current[worker] = new.number
    sockets.append(new)
    host.opens[namespace, default: 0] += 1
  }
}
