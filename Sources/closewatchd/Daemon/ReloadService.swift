// SPDX-License-Identifier: Apache-2.0

import LinuxHost
import Logging
import Reporting
import ServiceLifecycle
import Settings
import UnixSignals

/// Reads the settings again at each SIGHUP. Settings with a mistake change nothing.
struct ReloadService: Service {
  let source: SettingsSource
  /// Of the settings that the daemon was started with: nobody can begin to count, or end it, later.
  let countsConnects: Bool
  let sampler: Sampler
  let reporter: EventReporter
  let pushes: PushService
  let store: SnapshotStore
  let bell: Bell
  let notify: ServiceNotify
  let logger: Logger

  func run() async {
    let signals = await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown()
    for await _ in signals {
      tell(.reloading)
      await reload()
      tell(.ready)
    }
  }

  private func reload() async {
    do throws(SettingsErrors) {
      let settings = try source.read()
      await sampler.change(to: settings)
      reporter.change(to: settings.journal)
      pushes.change(to: settings.otlp)
      store.update { $0.settings.noteReload(from: source.effectivePath, errors: []) }
      logger.notice("settings reloaded from \(source.effectivePath ?? "no file")")
      if settings.sampling.countsConnects != countsConnects {
        logger.notice("sampling.events changes with a restart: systemctl restart closewatch")
      }
      // The next look is due by the new interval.
      bell.ring()
    } catch {
      let lines = error.errors.map(\.description)
      // Before it is told: who reads of it finds it so on the page.
      store.update { $0.settings.noteReload(from: source.effectivePath, errors: lines) }
      for line in lines { logger.error("\(line)") }
      logger.error("settings not changed: \(lines.count == 1 ? "an error" : "errors") in them")
    }
  }

  private func tell(_ message: ServiceNotify.Message) {
    do throws(SystemCallError) {
      try notify.send(message)
    } catch {
      logger.error("\(error)")
    }
  }
}

extension SettingsStatus {
  /// Notes an attempt to read the settings again, which has succeeded if there are no errors.
  mutating func noteReload(from path: String?, errors: [String]) {
    self.path = path
    self.errors = errors
    isLastReloadGood = errors.isEmpty
    if errors.isEmpty {
      reloads += 1
      loadedWallSeconds = Clock.wallSeconds
    } else {
      failedReloads += 1
    }
  }
}
