// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// A host that lives as in ``HarmlessDays``, with a leak that starts anew every hour, when its
/// program is restarted: what comes must go, however long it is watched.
package struct EnduranceRun {
  package private(set) var run: SimulationRun
  package private(set) var ticks = 0
  package private(set) var events = 0
  private let leaky: Int
  /// Looks between two restarts: an hour.
  private static let restartEvery = 360

  package init(seed: UInt64) {
    let host = SimulatedHost(seed: seed)
    for _ in 0..<6 {
      guard let kind = HarmlessLife.kinds.randomElement(using: &host.random) else { continue }
      host.add(kind.make(host, kind.name))
    }
    leaky = host.processes.count
    host.add(Leak(Leak.Plan(perSecond: 0.1), in: host, startsAt: host.now + 600))
    run = SimulationRun(host, seed: seed, .every(seconds: 10))
  }

  package var watch: Watch { run.watch }

  /// Ten seconds, and a look.
  package mutating func tick() {
    let host = run.host
    if ticks % Self.restartEvery == 0 {
      host.restart(host.random.integer(0...(host.processes.count - 1)))
    }
    if ticks % Self.restartEvery == Self.restartEvery / 2 { host.restart(leaky) }
    events += run.tick().count
    ticks += 1
  }
}
