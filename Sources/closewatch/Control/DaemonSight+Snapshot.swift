// SPDX-License-Identifier: Apache-2.0

import Reporting

extension DaemonSight {
  /// - Parameter now: Seconds since 1970.
  init(_ snapshot: DaemonSnapshot, at now: Double) {
    self.init()
    upSeconds = now - snapshot.startedWallSeconds
    newestLookSeconds = snapshot.newestLook.map { now - $0.wallClockSeconds }
    intervalSeconds = snapshot.cost.intervalSeconds
    settledIntervalSeconds = snapshot.cost.settledIntervalSeconds
    isBackedOff = snapshot.cost.isBackedOff
    failure = snapshot.cost.lastFailure
    settingsError = snapshot.settings.isLastReloadGood ? nil : snapshot.settings.errors.first
    journalLost = snapshot.journal.lost
    journalQueued = snapshot.journal.queued
  }
}
