// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import Settings
import Synchronization

/// Entries on their way to journald: within their bound of time, and kept while it is away.
final class JournalQueue: Sendable {
  private struct State {
    var entries: [JournalEntry] = []
    var budget: EventBudget
    var limit: Int
    var status = JournalStatus()
  }

  private let state: Mutex<State>

  init(_ settings: JournalSettings) {
    state = Mutex(
      State(
        budget: EventBudget(perMinute: settings.entriesPerMinute), limit: settings.queueLength))
  }

  /// Takes up other bounds.
  func change(to settings: JournalSettings) {
    state.withLock { state in
      state.budget = EventBudget(perMinute: settings.entriesPerMinute)
      state.limit = settings.queueLength
    }
  }

  /// Adds what happened. Above the bound the oldest entry goes: the newest says how it is now.
  ///
  /// - Returns: How many of the events were suppressed by the bound of entries a minute.
  func add(_ events: [FindingEvent]) -> Int {
    state.withLock { state in
      var suppressed = 0
      for event in events {
        guard state.budget.take(at: event.at) else {
          suppressed += 1
          continue
        }
        state.entries.append(JournalEntry(event))
      }
      state.status.suppressed += suppressed
      let excess = state.entries.count - max(1, state.limit)
      if excess > 0 {
        state.entries.removeFirst(excess)
        state.status.lost += excess
      }
      state.status.queued = state.entries.count
      return suppressed
    }
  }

  /// The oldest entry, which stays until it is ``taken(_:)``.
  var next: JournalEntry? { state.withLock { $0.entries.first } }

  /// Notes that journald has taken `entry`.
  func taken(_ entry: JournalEntry) {
    state.withLock { state in
      state.status.written += 1
      if state.entries.first == entry { state.entries.removeFirst() }
      state.status.queued = state.entries.count
    }
  }

  var status: JournalStatus { state.withLock { $0.status } }
}
