// SPDX-License-Identifier: Apache-2.0

import KernelTables
import LinuxHost
import NIOCore
import NIOHTTP1
import Reporting
import Synchronization

/// Questions of a server that the sampling thread answers, between two turns.
final class SamplerQueue: Sendable {
  /// Questions that wait for the sampling thread. More at a time is not a person at a terminal.
  private static let limit = 8
  /// How long a question may wait for a look to end: less than a client does.
  private static let waitSeconds = 1.0

  private let store: SnapshotStore
  /// nil: a server listens before there is one.
  private let sampler: Mutex<Sampler?>
  private let queued = Mutex(0)

  init(_ store: SnapshotStore, sampler: Sampler? = nil) {
    self.store = store
    self.sampler = Mutex(sampler)
  }

  func connect(to sampler: Sampler) { self.sampler.withLock { $0 = sampler } }

  /// - Parameters:
  ///   - loop: That of the connection.
  ///   - busy: The answer when there is no time for the question: why, in words.
  func ask(
    on loop: any EventLoop, busy: @escaping @Sendable (String) -> WebAnswer,
    _ question: @escaping @Sendable (Sampler) async -> WebAnswer
  ) -> PageReply {
    guard let sampler = sampler.withLock({ $0 }) else { return .ready(busy("it is starting")) }
    let mayQueue = queued.withLock { count in
      guard count < Self.limit else { return false }
      count += 1
      return true
    }
    guard mayQueue else { return .ready(busy("too many ask at once")) }
    // The first answer counts: NIO ignores what comes after it.
    let promise = loop.makePromise(of: WebAnswer.self)
    let timer = loop.scheduleTask(in: .nanoseconds(Int64(Self.waitSeconds * 1e9))) { [store] in
      promise.succeed(busy(Self.late(store.snapshot)))
    }
    Task {
      let answer = await question(sampler)
      self.queued.withLock { $0 -= 1 }
      timer.cancel()
      promise.succeed(answer)
    }
    return .coming(promise.futureResult)
  }

  /// The sampling thread does not come round: most probably a look that takes long.
  private static func late(_ snapshot: DaemonSnapshot) -> String {
    let since = snapshot.newestSample.map {
      "; its last look was \(Quantity.duration(Clock.boot.seconds(since: $0.takenAt))) ago"
    }
    return "it is busy with a look\(since ?? "")"
  }
}
