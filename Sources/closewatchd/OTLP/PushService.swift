// SPDX-License-Identifier: Apache-2.0

import Console
import Glibc
import LinuxHost
import Logging
import Reporting
import ServiceLifecycle
import Settings
import Synchronization

/// Pushes what is on the page of metrics to a collector, one push at a time. Nothing waits for it.
///
/// A push that may be tried again is made anew, with the numbers of then: they are cumulative, so
/// the newer ones say all that the older ones did, and nothing is kept.
final class PushService: Service {
  private let settings: Mutex<OTLPSettings>
  private let bell = Bell()
  private let store: SnapshotStore
  private let logger: Logger

  /// Seconds between two looks whether there has been a look at the host.
  private static let startSeconds = 0.25

  init(_ settings: OTLPSettings, store: SnapshotStore, logger: Logger) {
    self.settings = Mutex(settings)
    self.store = store
    self.logger = logger
  }

  /// Takes up other settings, with a push.
  func change(to settings: OTLPSettings) {
    let isOther = self.settings.withLock { current in
      defer { current = settings }
      return current != settings
    }
    if isOther { bell.ring() }
  }

  func run() async {
    var client: CollectorClient?
    var said = Said()
    // Kept while it is switched off: counters do not begin anew.
    var status = PushStatus()
    var pace = PushPace(interval: 0)
    while !Task.isShuttingDownGracefully, !Task.isCancelled {
      let settings = settings.withLock { $0 }
      guard let url = settings.endpoint else {
        store.update { $0.pushes = nil }
        said = Said()
        await bell.wait(atMost: 3600)
        continue
      }
      guard hasLooked else {
        await bell.wait(atMost: Self.startSeconds)
        continue
      }
      pace.interval = settings.interval
      // On the first push, too, they are there at 0.
      store.update { [status] in $0.pushes = $0.pushes ?? status }
      let began = Clock.monotonicSeconds
      let answer: CollectorAnswer
      do throws(SystemCallError) {
        if client == nil { client = try CollectorClient() }
        guard let sender = client else { break }
        let result = await Abandonable.result { [self] in
          await sender.post(request(settings), to: url, settings)
        }
        guard let result else { break }
        answer = result
      } catch {
        answer = .failed("\(error)")
      }
      status.count(answer, of: url.description, at: Clock.wallSeconds)
      store.update { [status] in $0.pushes = status }
      if said.url != url { said = Said(url: url) }
      say(answer, url, settings.interval, &said)
      let wait =
        switch answer {
        case .failed(_, let asked):
          pace.wait(afterFailure: asked, chance: Double.random(in: 0...1))
        case .accepted, .refused:
          pace.wait(afterAnswerThatTook: Clock.monotonicSeconds - began)
        }
      await bell.wait(atMost: wait)
    }
    await client?.close()
  }

  /// A daemon that cannot look is worth a push, too: its numbers say so.
  private var hasLooked: Bool {
    let snapshot = store.snapshot
    return snapshot.newestSample != nil || snapshot.cost.failedLooks > 0
  }

  private func request(_ settings: OTLPSettings) -> [UInt8] {
    let resource = OTLPResource(
      host: HostName.current, version: BuildInfo.version, pid: getpid(),
      more: settings.resourceAttributes)
    return MetricsPage(store.forMetrics).request(of: resource, at: Clock.wallSeconds)
  }

  /// What was said last, so that nothing is said at every push.
  private struct Said {
    var url: CollectorURL?
    var hasSucceeded = false
    var isFailing = false
    var isRejecting = false
  }

  private func say(
    _ answer: CollectorAnswer, _ url: CollectorURL, _ interval: Double, _ said: inout Said
  ) {
    switch answer {
    case .accepted(let rejected, let message):
      if !said.hasSucceeded {
        logger.notice("metrics are pushed to \(url) every \(TimeText.text(interval))")
      } else if said.isFailing {
        logger.notice("\(url) accepts metrics again")
      }
      said.hasSucceeded = true
      said.isFailing = false
      if rejected > 0, !said.isRejecting {
        let points = Quantity.count(rejected, "data point")
        logger.warning(
          "\(url) rejected \(points) of a push\(message.isEmpty ? "" : ": \(message)")")
      }
      if rejected == 0, said.isRejecting { logger.notice("\(url) accepts every data point again") }
      said.isRejecting = rejected > 0
    case .refused(let why), .failed(let why, _):
      if !said.isFailing { logger.warning("cannot push metrics to \(url): \(why)") }
      said.isFailing = true
    }
  }
}
