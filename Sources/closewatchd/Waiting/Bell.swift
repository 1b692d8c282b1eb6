// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle
import Synchronization

/// Wakes one loop that waits for its next turn. A ring while nobody waits is kept for the next
/// wait.
///
/// Not an `AsyncStream`: one that is cancelled in one wait is at its end in all later ones.
final class Bell: Sendable {
  private struct State {
    var hasRung = false
    var waiting: OneAnswer<Bool>?
  }

  private let state = Mutex(State())

  func ring() {
    let waiting: OneAnswer<Bool>? = state.withLock { state in
      state.hasRung = state.waiting == nil
      defer { state.waiting = nil }
      return state.waiting
    }
    waiting?.give(true)
  }

  /// Waits until `seconds` have passed, the bell rings, or the program is told to stop.
  ///
  /// - Returns: Whether the bell has rung.
  @discardableResult
  func wait(atMost seconds: Double) async -> Bool {
    guard seconds > 0 else { return false }
    let answer = OneAnswer<Bool>()
    let hasRung = state.withLock { state in
      if !state.hasRung { state.waiting = answer }
      defer { state.hasRung = false }
      return state.hasRung
    }
    if hasRung { return true }
    // 1 ms: a timer that fires early by a rounding would make a loop turn twice.
    let span = Duration.milliseconds(Int64((seconds * 1000).rounded(.up)))
    let timer = Task {
      try? await Task.sleep(for: span)
      answer.give(nil)
    }
    let ring = await withTaskCancellationOrGracefulShutdownHandler {
      await answer.value()
    } onCancelOrGracefulShutdown: {
      answer.give(nil)
    }
    timer.cancel()
    state.withLock { $0.waiting = nil }
    return ring ?? false
  }
}
