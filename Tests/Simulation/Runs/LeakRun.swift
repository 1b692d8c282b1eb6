// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// A planted leak among harmless life, watched until it is found and for a while after.
package struct LeakRun {
  package let plan: Leak.Plan
  package let seed: UInt64
  /// From the first moment of the leak to the first alarm about it; nil: missed.
  package var detectionSeconds: Double?
  /// The same to the first that asks for action; a slow leak is a notice until then.
  package var warningSeconds: Double?
  /// Leaked descriptors of the fullest process then, and their share of its limit.
  package var leakedAtDetection = 0
  package var shareAtDetection = 0.0
  /// The forecast ten minutes after the beginning (or at detection, if that is later), against
  /// the truth: 0.1 is 10 % too late.
  package var forecastError: Double?
  /// How often it was said to fire anew.
  package var firings = 0
  package var otherAlarms: [Alarm] = []
  /// Looks after the detection in which nothing was said to fire although most of its sockets were
  /// there, and the first of them in seconds after the beginning.
  package var silentLooks = 0
  package var firstSilence: Double?
  /// From the moment in which it closed all of them to the end of the finding; nil: never.
  package var endSeconds: Double?

  /// - Parameters:
  ///   - longestSeconds: When to give up.
  ///   - neighbours: Harmless activities on the same host.
  package init(
    _ plan: Leak.Plan, seed: UInt64, tickSeconds: Double, longestSeconds: Double,
    neighbours: Int = 2
  ) {
    self.plan = plan
    self.seed = seed
    let host = SimulatedHost(seed: seed)
    for _ in 0..<neighbours {
      guard let kind = HarmlessLife.neighbours.randomElement(using: &host.random) else { continue }
      host.add(kind.make(host, kind.name))
    }
    let warmUp = 1800.0
    let leak = Leak(plan, in: host, startsAt: host.now + warmUp)
    host.add(leak)
    var run = SimulationRun(host, seed: seed, .every(seconds: tickSeconds))
    // The watch is no younger than a daemon's usually is.
    while host.now + tickSeconds <= leak.startsAt { _ = run.tick() }
    watch(leak, &run, longestSeconds)
    firings = run.firings.filter { $0.key.contains("leaky") }.values.max() ?? 0
    otherAlarms = run.alarms.filter { $0.about != "leak" && $0.about != "leaky" }
  }

  /// A leak goes on for as long as its sockets stay, at every look.
  private mutating func note(
    _ alarm: Finding?, of leak: Leak, since: Double, in host: SimulatedHost
  ) {
    guard detectionSeconds != nil else { return }
    if since >= plan.closesAfterSeconds {
      if alarm == nil, endSeconds == nil { endSeconds = since - plan.closesAfterSeconds }
      return
    }
    guard alarm == nil, leak.stillOpen(at: host.now) >= 10 else { return }
    silentLooks += 1
    firstSilence = firstSilence ?? since
  }

  private mutating func watch(
    _ leak: Leak, _ run: inout SimulationRun, _ longestSeconds: Double
  ) {
    let host = run.host
    var until = leak.startsAt + longestSeconds
    while host.now < until {
      _ = run.tick()
      let since = host.now - leak.startsAt
      let alarm = run.watch.findings.first {
        $0.lifecycle == .firing && $0.owner.name == "leaky"
      }
      if warningSeconds == nil, let alarm, alarm.severity >= .warning { warningSeconds = since }
      let leaked = leak.leakedInFullest(at: host.now)
      note(alarm, of: leak, since: since, in: host)
      if detectionSeconds == nil, alarm != nil {
        detectionSeconds = since
        leakedAtDetection = leaked
        shareAtDetection = Double(leaked) / Double(plan.limit)
        // Long enough to see whether it flaps.
        until = min(until, host.now + max(1800, 10 / plan.perSecond))
        if plan.closesAfterSeconds.isFinite {
          until = max(until, leak.startsAt + plan.closesAfterSeconds + 600)
        }
      }
      if forecastError == nil, since >= 600, let forecast = alarm?.forecast?.seconds {
        let rate = plan.perSecond / Double(plan.workers)
        let truth = (Double(plan.limit) - Double(alarm?.forecast?.used ?? 0)) / rate
        forecastError = forecast / truth - 1
      }
      // The real process would be dead by now.
      if Double(leaked) >= Double(plan.limit) { break }
    }
  }
}
