// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// A server that gets more connections than it can take: its accept queue is full at every moment,
/// although it moves, and the kernel turns away the rest.
package final class Overload: Activity {
  package struct Plan: Sendable {
    /// `listen(2)`'s backlog; one more than that waits.
    package var backlog: Int
    /// How many it accepts in a second.
    package var acceptsPerSecond: Double
    /// How many come in a second, while it lasts.
    package var arrivalsPerSecond: Double
    package var lastsSeconds: Double

    package init(
      backlog: Int, acceptsPerSecond: Double, arrivalsPerSecond: Double, lastsSeconds: Double
    ) {
      self.backlog = backlog
      self.acceptsPerSecond = acceptsPerSecond
      self.arrivalsPerSecond = arrivalsPerSecond
      self.lastsSeconds = lastsSeconds
    }
  }

  private let plan: Plan
  /// When it begins, in kernel time.
  package let startsAt: Double
  private var nextAccept: Double

  package init(_ plan: Plan, in host: SimulatedHost, startsAt: Double) {
    self.plan = plan
    self.startsAt = startsAt
    nextAccept = startsAt
    super.init(
      "overload", in: host, workers: [host.start("swamped", isUnit: false)], isInbound: true)
  }

  package var endsAt: Double { startsAt + plan.lastsSeconds }

  override func advance(from: Double, to: Double, in host: SimulatedHost) {
    // Each is accepted in its turn, answered at once and closed; another takes its place.
    let wait = Double(plan.backlog + 1) / plan.acceptsPerSecond
    while nextAccept < min(to, endsAt) {
      for waiting in startsAt == nextAccept ? 0...plan.backlog : 0...0 {
        let accepted = nextAccept + wait - Double(waiting) / plan.acceptsPerSecond
        var new = socket(
          host, process: -1, phases: [.init(.established, from: nextAccept, isOrphan: true)],
          lastDataAt: nextAccept)
        new.endsAt = accepted
        sockets.append(new)
      }
      nextAccept += 1 / plan.acceptsPerSecond
    }
    let refused =
      (plan.arrivalsPerSecond - plan.acceptsPerSecond)
      * max(0, min(to, endsAt) - max(from, startsAt))
    host.overflows[namespace, default: 0] += UInt64(max(0, refused))
    host.opens[namespace, default: 0] += UInt64(plan.acceptsPerSecond * (to - from))
  }

  override func queued(at now: Double) -> UInt32 {
    UInt32(sockets.count { $0.phase(at: now) != nil })
  }

  override func listenerRows(at now: Double) -> [SocketRow] {
    super.listenerRows(at: now).map { row in
      var row = row
      row.sendQueue = UInt32(plan.backlog)
      return row
    }
  }
}
