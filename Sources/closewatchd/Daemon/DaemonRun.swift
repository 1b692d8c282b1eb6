// SPDX-License-Identifier: Apache-2.0

import Console
import Diagnosis
import KernelTables
import LinuxHost
import Logging
import Reporting
import ServiceLifecycle
import Settings
import Synchronization
import UnixSignals

/// The daemon's parts, put together.
struct DaemonRun {
  let settings: DaemonSettings
  let source: SettingsSource
  let web: WebSettings
  /// Where to answer the other commands; nil: nowhere.
  let control: String?
  /// Starts the processes that look.
  let keeper: Keeper
  let logger: Logger

  /// How long a look may stand still before it counts as stuck. Longer than a command's: the
  /// service has half a core at most, and nobody waits.
  private static let stallSeconds = 8.0

  /// Runs until a signal ends it.
  ///
  /// - Throws: ``HostError`` when there can be no sampling thread; ``UsageError`` when an address
  ///   or the web settings cannot be used.
  func toItsEnd() throws {
    ReturnedMemory.goesBackInTurns()
    let services = try services()
    // Only the signals' service has anything to say, and systemd says the same.
    let quiet = Logger(label: "closewatch.services") { _ in StderrLog(level: .error) }
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet))
    try Self.wait { try await group.run() }
  }

  private func services() throws -> [ServiceGroupConfiguration.ServiceConfiguration] {
    let store = SnapshotStore(first)
    let notify = ServiceNotify()
    let life = SignOfLife(boundSeconds: notify.watchdogSeconds)
    let questions = SamplerQueue(store)
    var servers =
      try web.isServed
      ? [WebServer(web, store: store, queue: questions, life: life, logger: logger)] : []
    let controlSocket = control.flatMap { bindControl($0) }
    // Addresses are bound and files read: nothing after this needs a right, and no thread has one.
    giveRightsAway()
    let (bell, journalBell) = (Bell(), Bell())
    let queue = JournalQueue(settings.journal)
    let reporter = EventReporter(
      queue: queue, journalBell: journalBell, logger: logger, settings: settings.journal)
    do throws(SystemCallError) {
      let sampler = try Sampler(settings: settings, store: store) { [keeper] in
        let host = EyeHost(keeper)
        host.stallSeconds = Self.stallSeconds
        return host
      }
      questions.connect(to: sampler)
      let journal = try JournalService(
        queue: queue, bell: journalBell, store: store, logger: logger)
      let pushes = PushService(settings.otlp, store: store, logger: logger)
      let reload = ReloadService(
        source: source, countsConnects: settings.sampling.countsConnects, sampler: sampler,
        reporter: reporter, pushes: pushes, store: store, bell: bell, notify: notify,
        logger: logger)
      let loop = SamplingService(
        sampler: sampler, store: store, bell: bell, notify: notify, life: life, logger: logger,
        report: { reporter.report($0) })
      // They end in the opposite order: the loop first, the journal with what is left last.
      let pages = ControlPages(sampler: sampler, store: store)
      if let control, let controlSocket {
        servers.append(
          WebServer(
            unixSocket: controlSocket.bound, named: "the control socket \(control)",
            pages: pages, limits: ControlSocket.limits, logger: logger))
      }
      let outlets: [any Service] = [journal, reload, pushes] + servers
      return outlets.map { .init(service: $0, successTerminationBehavior: .ignore) } + [
        .init(service: loop, successTerminationBehavior: .gracefullyShutdownGroup)
      ]
    } catch {
      throw HostError("\(error); raise the limit of threads")
    }
  }

  /// None when it cannot be had: watching is worth more than being asked.
  private func bindControl(_ path: String) -> ControlSocket? {
    do throws(SystemCallError) {
      return try ControlSocket(path: path)
    } catch {
      let hint = error.isAddressTaken ? ": another daemon answers there" : ""
      logger.warning(
        "no control socket: \(error)\(hint); closewatch triage will look for itself")
      return nil
    }
  }

  private func giveRightsAway() {
    for pid in OwnRights.leftBehind(besides: keeper) {
      logger.warning(
        "process \(pid) of an earlier run is stuck in the kernel; nothing waits for it")
    }
    do throws(SystemCallError) {
      try OwnRights.giveAway()
    } catch {
      logger.error("the daemon could not drop rights that only its looks need: \(error)")
    }
  }

  private var first: DaemonSnapshot {
    let now = Clock.wallSeconds
    var snapshot = DaemonSnapshot(startedAt: Clock.boot, startedWallSeconds: now)
    snapshot.version = BuildInfo.version
    snapshot.settings.path = source.effectivePath
    snapshot.settings.loadedWallSeconds = now
    return snapshot
  }

  /// Runs `work` to its end on the concurrency runtime's threads while this thread waits.
  private static func wait(for work: @escaping @Sendable () async throws -> Void) throws {
    let end = Semaphore()
    let outcome = Outcome()
    // The main thread would hand down a priority above the usual one, for which the runtime wants a
    // negative nice value: the service may not have that, and the runtime says so at every look.
    Task(priority: .medium) {
      do { try await work() } catch { outcome.error.withLock { $0 = error } }
      end.signal()
    }
    end.wait()
    if let error = outcome.error.withLock({ $0 }) { throw error }
  }

  private final class Outcome: Sendable {
    let error = Mutex<(any Error)?>(nil)
  }
}
