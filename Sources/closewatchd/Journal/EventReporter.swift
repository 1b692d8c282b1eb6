// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Logging
import Reporting
import Settings
import Synchronization

/// Sends finding events where people look: to the journal as entries, and to standard error as
/// lines unless that is the journal too. Never waits.
final class EventReporter: Sendable {
  private let queue: JournalQueue
  private let journalBell: Bell
  private let logger: Logger
  private let isJournalEnabled: Mutex<Bool>

  init(queue: JournalQueue, journalBell: Bell, logger: Logger, settings: JournalSettings) {
    self.queue = queue
    self.journalBell = journalBell
    self.logger = logger
    isJournalEnabled = Mutex(settings.isEnabled)
  }

  /// Takes up other settings.
  func change(to settings: JournalSettings) {
    isJournalEnabled.withLock { $0 = settings.isEnabled }
    queue.change(to: settings)
  }

  func report(_ events: [FindingEvent]) {
    guard !events.isEmpty else { return }
    let isEnabled = isJournalEnabled.withLock { $0 }
    if !isEnabled || !StderrLog.isConnectedToJournal {
      for event in events { logger.log(level: Self.level(event), "\(EventMessage.line(event))") }
    }
    guard isEnabled else { return }
    let suppressed = queue.add(events)
    if suppressed > 0 {
      logger.warning(
        """
        \(Quantity.count(suppressed, "event")) of this turn not written to the journal: more than \
        journal.entries-per-minute
        """)
    }
    journalBell.ring()
  }

  private static func level(_ event: FindingEvent) -> Logger.Level {
    if event.finding.isAccepted { return .info }
    return switch (event.kind, event.finding.severity) {
    case (.resolved, _), (_, .notice): .notice
    case (_, .warning): .warning
    case (_, .critical): .critical
    }
  }
}
