// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import LinuxHost
import Reporting
import Settings

/// Takes turns on a thread of its own, and publishes what they bring.
actor Sampler {
  /// What became of a turn, for the loop.
  enum Result: Sendable {
    case turned(TurnEngine.Outcome)
    /// No table could be read; why, in one line.
    case failed(String)
  }

  /// When to look next, and how to say so.
  struct Schedule: Sendable {
    var dueAt: BootInstant
    var intervalSeconds: Double
    var isBackedOff: Bool
    var hurry: Pace.Hurry
  }

  private let thread: BlockingThread
  let store: SnapshotStore
  private(set) var engine: TurnEngine
  private(set) var pace: Pace
  private(set) var settings: DaemonSettings
  /// When the newest turn began, also one that failed.
  private var startedAt: BootInstant?

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  /// - Parameter makeHost: Called on the sampling thread's behalf, once.
  init(
    settings: DaemonSettings, store: SnapshotStore, makeHost: () -> any Host
  ) throws(SystemCallError) {
    thread = try BlockingThread(purpose: "sampling")
    self.store = store
    self.settings = settings
    engine = TurnEngine(host: makeHost(), settings: settings)
    pace = Pace(settings.pace)
  }

  /// Judges and paces by other settings from the next turn on.
  func change(to settings: DaemonSettings) {
    self.settings = settings
    engine.change(to: settings)
    pace.change(to: settings.pace)
  }

  /// Returns when the sampling thread is free: proof for the watchdog that it is not stuck.
  func isAlive() -> Bool { true }

  /// Takes one turn and publishes it.
  func turn() -> (Result, Schedule) {
    let now = Clock.boot
    let lateness = startedAt.map { now.seconds(since: $0) - pace.intervalSeconds } ?? 0
    let isLate = lateness > max(pace.intervalSeconds, 1)
    startedAt = now
    let kind = pace.kind(at: now)
    do throws(HostError) {
      let outcome = try engine.turn(kind)
      pace.record(
        Pace.Expense(
          kind: kind, startedAt: now, cpuSeconds: outcome.cpuSeconds,
          closeWait: outcome.closeWait, unlisted: outcome.unlisted,
          wantsOpener: outcome.wantsOpener))
      publish(outcome, isLate: isLate)
      ReturnedMemory.goesBackNow()
      return (.turned(outcome), schedule)
    } catch {
      store.update { snapshot in
        snapshot.cost.failedLooks += 1
        snapshot.cost.lastFailure = error.description
        snapshot.cost.isBlind = true
      }
      return (.failed(error.description), schedule)
    }
  }

  private var schedule: Schedule {
    let started = startedAt ?? Clock.boot
    return Schedule(
      dueAt: started.advanced(bySeconds: pace.intervalSeconds),
      intervalSeconds: pace.intervalSeconds, isBackedOff: pace.isBackedOff,
      hurry: pace.hurry)
  }

  private func publish(_ outcome: TurnEngine.Outcome, isLate: Bool) {
    guard let census = engine.watch.census else { return }
    var snapshot = store.snapshot
    snapshot.newestSample = outcome.look
    if census.sample.states.contains(.established) { snapshot.fullSample = outcome.look }
    snapshot.take(
      HostPicture(
        census, patienceSeconds: settings.rules.patienceSeconds, before: snapshot.picture))
    snapshot.findings = engine.watch.findings
    snapshot.leftOut = engine.watch.leftOut
    snapshot.gaps = outcome.gaps
    snapshot.countsConnects = census.sample.connectTally.since != nil
    snapshot.cost.cheapLooks += outcome.kind == .cheap ? 1 : 0
    snapshot.cost.fullLooks += outcome.kind == .full ? 1 : 0
    snapshot.cost.isBlind = false
    snapshot.cost.turnWallSeconds = outcome.wallSeconds
    snapshot.cost.totalCPUSeconds += outcome.cpuSeconds
    snapshot.cost.intervalSeconds = pace.intervalSeconds
    snapshot.cost.settledIntervalSeconds = settings.sampling.interval
    snapshot.cost.isBackedOff = pace.isBackedOff
    snapshot.cost.isHurried = pace.isHurried
    snapshot.cost.lateTurns += isLate ? 1 : 0
    snapshot.count(outcome.events)
    let finished = snapshot
    // Settings, journal and pushes have writers of their own.
    store.update { current in
      let (settings, journal, pushes) = (current.settings, current.journal, current.pushes)
      current = finished
      current.settings = settings
      current.journal = journal
      current.pushes = pushes
    }
  }
}
