// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import LinuxHost
import Logging
import Reporting
import ServiceLifecycle
import Settings

/// The loop: a turn, its events, the wait for the next one.
struct SamplingService: Service {
  let sampler: Sampler
  let store: SnapshotStore
  let bell: Bell
  let notify: ServiceNotify
  let life: SignOfLife
  let logger: Logger
  /// Takes the events of a turn; must not wait.
  let report: @Sendable ([FindingEvent]) -> Void

  func run() async {
    var isReady = false
    var said = Said()
    while !Task.isShuttingDownGracefully, !Task.isCancelled {
      guard let (result, schedule) = await Abandonable.result(of: { await sampler.turn() })
      else { break }
      switch result {
      case .turned(let outcome):
        if said.failure != nil { logger.notice("looks succeed again") }
        said.failure = nil
        report(outcome.events)
        if !isReady {
          tell(.ready)
          isReady = true
          ReturnedMemory.startUpCodeGoesBack()
          logger.notice("watching; the first look took \(Quantity.duration(outcome.wallSeconds))")
        }
      case .failed(let reason):
        if said.failure != reason { logger.error("\(reason)") }
        said.failure = reason
      }
      say(schedule, &said)
      await pause(until: schedule.dueAt)
    }
    tell(.stopping)
  }

  /// Waits for the next turn, and shows that neither this loop nor the sampling thread is stuck:
  /// to the watchdog, and to those who ask `/-/healthy`.
  private func pause(until due: BootInstant) async {
    while !Task.isShuttingDownGracefully {
      guard await Abandonable.result(of: { await sampler.isAlive() }) == true else { return }
      life.give()
      if notify.watchdogSeconds != nil { tell(.alive) }
      let left = due.seconds(since: Clock.boot)
      guard left > 0 else { return }
      if await bell.wait(atMost: min(left, life.paceSeconds)) { return }
    }
  }

  /// What was said last, so that nothing is said at every turn.
  private struct Said {
    var failure: String?
    var isBackedOff = false
    var hurry = Pace.Hurry.unneeded
    var status = ""
  }

  private func say(_ schedule: Sampler.Schedule, _ said: inout Said) {
    let interval = Quantity.duration(schedule.intervalSeconds)
    if schedule.isBackedOff != said.isBackedOff {
      logger.warning(
        schedule.isBackedOff
          ? "a look costs more than cpu-budget allows: looking every \(interval) only"
          : "looks are within cpu-budget again: looking every \(interval)")
      said.isBackedOff = schedule.isBackedOff
    }
    if schedule.hurry != said.hurry {
      // What was not hurried and is not says nothing new.
      if schedule.hurry == .hurried || said.hurry == .hurried {
        let why = HurryWords.why(schedule.hurry, store.snapshot.findings)
        logger.notice("\(why): looking every \(interval)")
      }
      said.hurry = schedule.hurry
    }
    let status = self.status(interval: interval, failure: said.failure)
    if status != said.status { tell(.status(status)) }
    said.status = status
  }

  private func status(interval: String, failure: String?) -> String {
    if let failure { return "cannot look: \(failure)" }
    let snapshot = store.snapshot
    let waiting = snapshot.picture.states[.closeWait]
    let firing = snapshot.findings.filter { $0.lifecycle == .firing }.roots
    return "\(Quantity.count(firing.count, "finding")), "
      + "\(Quantity.count(waiting, "socket")) in CLOSE_WAIT; looking every \(interval)"
  }

  private func tell(_ message: ServiceNotify.Message) {
    do throws(SystemCallError) {
      try notify.send(message)
    } catch {
      logger.error("\(error)")
    }
  }
}
