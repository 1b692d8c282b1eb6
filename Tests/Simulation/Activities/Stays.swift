// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Connections that enter a state one by one and leave it after a stay of their own: the healthy
/// part of almost everything.
final class Stays: Activity {
  /// What happens to each connection.
  struct Plan {
    var state = TCPState.closeWait
    var receiveQueue: UInt32 = 0
    var isOrphan = false
    var perSecond: Double
    /// How long one stays, in seconds.
    var stay: (inout Randomness) -> Double
    /// The share that sends or receives all through its stay.
    var streamingShare = 0.0
    /// Length of pauses in which nobody closes anything, and their mean distance.
    var pauseSeconds: ClosedRange<Double>?
    var pauseEverySeconds = 1800.0
    /// The lowest load of the day, as a share of the highest.
    var trough = 1.0
    /// How many healthy connections there are for each of these.
    var opensForEach = 1.0

    init(perSecond: Double, stay: @escaping (inout Randomness) -> Double) {
      self.perSecond = perSecond
      self.stay = stay
    }
  }

  private let plan: Plan
  private var pauseFrom = 0.0
  private var pauseUntil = 0.0
  private var nextPause: Double

  init(
    _ name: String, _ plan: Plan, in host: SimulatedHost, workers: [Int], isInbound: Bool = true,
    namespace: NetnsID = SimulatedHost.ownNamespace
  ) {
    self.plan = plan
    nextPause = host.now + host.random.exponential(mean: plan.pauseEverySeconds)
    super.init(name, in: host, workers: workers, isInbound: isInbound, namespace: namespace)
  }

  override func advance(from: Double, to: Double, in host: SimulatedHost) {
    guard isThere else { return }
    pause(from: from, to: to, in: host)
    let rate = plan.perSecond * diurnal(to, trough: plan.trough)
    for at in host.random.arrivals(perSecond: rate, from: from, to: to) {
      let process = plan.isOrphan ? -1 : host.random.pick(workers, or: -1)
      let stay = plan.stay(&host.random)
      var new = socket(
        host, process: process,
        phases: [
          .init(plan.state, from: at, receiveQueue: plan.receiveQueue, isOrphan: plan.isOrphan)
        ], lastDataAt: at - host.random.uniform(0...2))
      let wouldEnd = at + stay
      new.endsAt =
        pauseFrom < wouldEnd && wouldEnd < pauseUntil ? pauseUntil + min(stay, 1) : wouldEnd
      if host.random.chance(plan.streamingShare) { new.streamsUntil = new.endsAt - 0.1 }
      if new.endsAt > to { sockets.append(new) }
      host.opens[namespace, default: 0] += UInt64(max(1, plan.opensForEach))
    }
  }

  /// Nobody closes anything while the program stands still; it catches up right after.
  private func pause(from: Double, to: Double, in host: SimulatedHost) {
    guard let length = plan.pauseSeconds, nextPause < to else { return }
    pauseFrom = nextPause
    pauseUntil = nextPause + host.random.uniform(length)
    for index in sockets.indices
    where sockets[index].endsAt > nextPause && sockets[index].endsAt < pauseUntil {
      sockets[index].endsAt = pauseUntil + host.random.uniform(0...1)
    }
    nextPause = pauseUntil + host.random.exponential(mean: plan.pauseEverySeconds)
  }
}

/// Many connections at once that are gone again soon: a deploy of the clients, a cron job, a scan,
/// a backend that is down, a queue that is not served for a moment.
final class Bursts: Activity {
  struct Plan {
    var state = TCPState.closeWait
    var receiveQueue: UInt32 = 1
    var isOrphan = false
    var everySeconds: Double
    /// Between the end of one and the next. 0: they may overlap.
    var leastPauseSeconds = 0.0
    var size: ClosedRange<Double>
    /// In what time they come.
    var withinSeconds: ClosedRange<Double>
    /// How long after the burst the first goes, and in what time all go.
    var restSeconds: ClosedRange<Double> = 0...0
    var drainSeconds: ClosedRange<Double>
    /// Each in a stay of its own instead.
    var stay: ((inout Randomness) -> Double)?
    var isQueued = false

    init(
      everySeconds: Double, size: ClosedRange<Double>, withinSeconds: ClosedRange<Double>,
      drainSeconds: ClosedRange<Double>
    ) {
      self.everySeconds = everySeconds
      self.size = size
      self.withinSeconds = withinSeconds
      self.drainSeconds = drainSeconds
    }
  }

  private let plan: Plan
  private var next: Double

  init(
    _ name: String, _ plan: Plan, in host: SimulatedHost, workers: [Int], isInbound: Bool = true
  ) {
    self.plan = plan
    next = host.now + host.random.exponential(mean: plan.everySeconds)
    super.init(name, in: host, workers: workers, isInbound: isInbound)
  }

  override func advance(from: Double, to: Double, in host: SimulatedHost) {
    while next < to {
      let count = Int(host.random.spread(plan.size))
      let within = host.random.uniform(plan.withinSeconds)
      let drainAt = next + within + host.random.uniform(plan.restSeconds)
      let drain = host.random.uniform(plan.drainSeconds)
      for _ in 0..<count {
        let at = next + host.random.uniform(0...within)
        var new = socket(
          host, process: plan.isOrphan || plan.isQueued ? -1 : host.random.pick(workers, or: -1),
          phases: [
            .init(
              plan.state, from: at, receiveQueue: plan.receiveQueue,
              isOrphan: plan.isOrphan || plan.isQueued)
          ], lastDataAt: at - host.random.uniform(0...10))
        new.endsAt =
          plan.stay.map { at + $0(&host.random) } ?? drainAt + host.random.uniform(0...drain)
        sockets.append(new)
      }
      host.opens[namespace, default: 0] += UInt64(count)
      let pause = host.random.exponential(mean: plan.everySeconds)
      next =
        plan.leastPauseSeconds > 0
        ? max(next + pause, drainAt + drain + plan.leastPauseSeconds) : next + pause
    }
  }

  override func queued(at now: Double) -> UInt32 {
    plan.isQueued ? UInt32(sockets.count { $0.phase(at: now) != nil }) : 0
  }
}
