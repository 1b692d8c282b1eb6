// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Reporting

extension DaemonSight {
  /// - Parameter now: On the clock that nobody sets.
  init(_ snapshot: DaemonSnapshot, at now: BootInstant) {
    self.init()
    upSeconds = snapshot.startedAt.map { now.seconds(since: $0) } ?? 0
    newestLookSeconds = snapshot.newestSample.map { now.seconds(since: $0.takenAt) }
    intervalSeconds = snapshot.cost.intervalSeconds
    settledIntervalSeconds = snapshot.cost.settledIntervalSeconds
    turnSeconds = snapshot.cost.turnWallSeconds
    isBackedOff = snapshot.cost.isBackedOff
    failure = snapshot.cost.lastFailure
    settingsError = snapshot.settings.isLastReloadGood ? nil : snapshot.settings.errors.first
    journalLost = snapshot.journal.lost
    journalQueued = snapshot.journal.queued
  }
}
