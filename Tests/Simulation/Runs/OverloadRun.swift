// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// An overload among harmless life, watched until it has ended and been told so.
package struct OverloadRun {
  /// From its first moment to the first alarm about it; nil: missed.
  package private(set) var detectionSeconds: Double?
  /// Looks after that, while it lasted, at which nothing was said to fire.
  package private(set) var silentLooks = 0
  /// From its end to the end of the finding; nil: never.
  package private(set) var endSeconds: Double?
  package private(set) var otherAlarms: [Alarm] = []

  package init(_ plan: Overload.Plan, seed: UInt64, tickSeconds: Double, neighbours: Int = 2) {
    let host = SimulatedHost(seed: seed)
    for _ in 0..<neighbours {
      guard let kind = HarmlessLife.kinds.randomElement(using: &host.random) else { continue }
      host.add(kind.make(host, kind.name))
    }
    let overload = Overload(plan, in: host, startsAt: host.now + 900)
    host.add(overload)
    var run = SimulationRun(host, seed: seed, .every(seconds: tickSeconds))
    while host.now < overload.endsAt + 900, endSeconds == nil {
      _ = run.tick()
      let isTold = run.watch.findings.contains {
        $0.rule == .acceptQueueStall && $0.lifecycle == .firing && $0.localPort == overload.port
      }
      note(isTold, overload, at: host.now)
    }
    otherAlarms = run.alarms.filter { $0.about != overload.name }
  }

  private mutating func note(_ isTold: Bool, _ overload: Overload, at now: Double) {
    if now >= overload.endsAt {
      if detectionSeconds != nil, !isTold { endSeconds = now - overload.endsAt }
    } else if detectionSeconds != nil {
      if !isTold { silentLooks += 1 }
    } else if isTold {
      detectionSeconds = now - overload.startsAt
    }
  }
}
