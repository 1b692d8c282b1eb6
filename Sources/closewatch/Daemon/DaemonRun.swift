// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import LinuxHost
import Logging
import Reporting
import ServiceLifecycle
import Synchronization
import UnixSignals

/// The daemon's parts, put together.
struct DaemonRun {
  let settings: DaemonSettings
  let logger: Logger

  /// Runs until a signal ends it.
  ///
  /// - Throws: ``HostError`` when there can be no sampling thread.
  func toItsEnd() throws {
    let services = try services()
    // Only the signals' service has anything to say, and systemd says the same.
    let quiet = Logger(label: "closewatch.services") { _ in StderrLog(level: .error) }
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet))
    try Self.wait { try await group.run() }
  }

  private func services() throws -> [ServiceGroupConfiguration.ServiceConfiguration] {
    let store = SnapshotStore(
      DaemonSnapshot(startedAt: Clock.boot, startedWallSeconds: Clock.wallSeconds))
    let sampler: Sampler
    do throws(SystemCallError) {
      sampler = try Sampler(settings: settings, store: store) { LiveHost() }
    } catch {
      throw HostError("\(error); raise the limit of threads")
    }
    let logger = logger
    let loop = SamplingService(
      sampler: sampler, store: store, bell: Bell(), notify: ServiceNotify(), logger: logger,
      report: { events in
        for event in events { logger.notice("\(EventMessage.line(event))") }
      })
    return [.init(service: loop, successTerminationBehavior: .gracefullyShutdownGroup)]
  }

  /// Runs `work` to its end on the concurrency runtime's threads while this thread waits.
  private static func wait(for work: @escaping @Sendable () async throws -> Void) throws {
    let end = Semaphore()
    let outcome = Outcome()
    Task {
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
