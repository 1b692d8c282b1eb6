// SPDX-License-Identifier: Apache-2.0

import LinuxHost
import Logging
import Reporting
import ServiceLifecycle

/// Writes queued entries to journald, and tries again until it takes them.
///
/// On a thread of its own: journald that lives and does not read makes every writer wait.
struct JournalService: Service {
  /// Seconds between two attempts while journald is away.
  static let retrySeconds = 2.0
  /// Milliseconds for what is still queued when the program ends.
  static let farewellMilliseconds = 300

  let queue: JournalQueue
  let bell: Bell
  let store: SnapshotStore
  let logger: Logger
  private let writer: Writer

  init(
    queue: JournalQueue, bell: Bell, store: SnapshotStore, logger: Logger
  ) throws(SystemCallError) {
    self.queue = queue
    self.bell = bell
    self.store = store
    self.logger = logger
    writer = try Writer(queue: queue)
  }

  func run() async {
    var isAway = false
    while !Task.isShuttingDownGracefully, !Task.isCancelled {
      let failure = await Abandonable.result(of: { await writer.drain() })
      guard let failure else { break }
      if let reason = failure.reason, !isAway {
        logger.warning("the journal accepts no entries, they are kept: \(reason)")
      }
      if failure.reason == nil, isAway { logger.notice("the journal accepts entries again") }
      isAway = failure.reason != nil
      publish()
      await bell.wait(atMost: isAway ? Self.retrySeconds : 3600)
    }
    await bidFarewell()
  }

  /// One last attempt, which must not keep the program from ending.
  private func bidFarewell() async {
    _ = await Abandonable.result(within: .milliseconds(Self.farewellMilliseconds)) { [writer] in
      await writer.drain()
    }
    publish()
  }

  private func publish() {
    let status = queue.status
    store.update { $0.journal = status }
  }

  /// Sends on a thread that may block.
  private actor Writer {
    struct Failure: Sendable {
      var reason: String?
    }

    private let thread: BlockingThread
    private let queue: JournalQueue
    private let outlet = JournalOutlet()

    nonisolated var unownedExecutor: UnownedSerialExecutor {
      thread.asUnownedSerialExecutor()
    }

    init(queue: JournalQueue) throws(SystemCallError) {
      self.queue = queue
      thread = try BlockingThread(purpose: "journal")
    }

    /// Sends what is queued, oldest first, until one is not taken.
    func drain() -> Failure {
      while let entry = queue.next {
        do throws(SystemCallError) {
          try outlet.send(entry.fields.map { ($0.name, $0.value) })
          queue.taken(entry)
        } catch {
          return Failure(reason: "\(error)")
        }
      }
      return Failure(reason: nil)
    }
  }
}
