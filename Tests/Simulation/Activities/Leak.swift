// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// A program that now and then does not close a connection that its peer has closed, beside many
/// that it does close.
package final class Leak: Activity {
  package struct Plan: Sendable {
    package var perSecond: Double
    package var receiveQueue: UInt32 = 0
    package var isInbound = true
    /// Healthy connections for each leaked one, closed within seconds.
    package var healthyForEach = 0.0
    /// Seconds of keepalive after which the peer's kernel answers with RST and the descriptor
    /// becomes a dead socket; 0 for none.
    package var keepaliveSeconds = 0.0
    package var workers = 1
    /// When it stops to leak, in seconds after it began: what it has left open stays.
    package var stopsAfterSeconds = Double.infinity
    /// When it closes all of them, in seconds after it began.
    package var closesAfterSeconds = Double.infinity
    package var limit: UInt64 = 1024

    package init(perSecond: Double) { self.perSecond = perSecond }
  }

  package let plan: Plan
  /// When it begins, in kernel time.
  package let startsAt: Double
  private(set) var leaked = 0

  package init(_ plan: Plan, in host: SimulatedHost, startsAt: Double) {
    self.plan = plan
    self.startsAt = startsAt
    let master = host.start("leaky", limit: plan.limit, isUnit: false)
    let workers =
      plan.workers == 1
      ? [master]
      : (0..<plan.workers).map { _ in
        host.start("leaky", parent: master, limit: plan.limit, isUnit: false)
      }
    super.init("leak", in: host, workers: workers, isInbound: plan.isInbound)
  }

  override func advance(from: Double, to: Double, in host: SimulatedHost) {
    let healthy = host.random.arrivals(
      perSecond: plan.perSecond * plan.healthyForEach, from: from, to: to)
    for at in healthy {
      let stay = host.random.exponential(mean: 3)
      host.opens[namespace, default: 0] += 1
      guard at + stay > to else { continue }
      var new = make(at, in: host)
      new.endsAt = at + stay
      sockets.append(new)
    }
    guard to > startsAt else { return }
    let closesAt = startsAt + plan.closesAfterSeconds
    if from < closesAt, closesAt <= to {
      for index in sockets.indices { sockets[index].endsAt = min(sockets[index].endsAt, closesAt) }
    }
    let (begin, end) = (max(from, startsAt), min(to, startsAt + plan.stopsAfterSeconds, closesAt))
    guard begin < end else { return }
    for at in host.random.arrivals(perSecond: plan.perSecond, from: begin, to: end) {
      var new = make(at, in: host)
      if plan.keepaliveSeconds > 0 {
        new.keepaliveSeconds = plan.keepaliveSeconds
        new.deadFrom = at + 60 + plan.keepaliveSeconds
      }
      sockets.append(new)
      leaked += 1
      host.opens[namespace, default: 0] += 1
    }
  }

  private func make(_ at: Double, in host: SimulatedHost) -> SimulatedSocket {
    socket(
      host, process: host.random.pick(workers, or: -1),
      phases: [.init(.closeWait, from: at, receiveQueue: plan.receiveQueue)],
      lastDataAt: at - host.random.uniform(0...3))
  }

  /// Descriptors that it has left open, of all its processes.
  func stillOpen(at now: Double) -> Int {
    sockets.count { $0.endsAt == .infinity && $0.isOpen(at: now) }
  }

  /// Descriptors that it has leaked in its fullest process.
  package func leakedInFullest(at now: Double) -> Int {
    var counts: [Int: Int] = [:]
    for socket in sockets where socket.endsAt == .infinity && socket.isOpen(at: now) {
      counts[socket.process, default: 0] += 1
    }
    return counts.values.max() ?? 0
  }
}
