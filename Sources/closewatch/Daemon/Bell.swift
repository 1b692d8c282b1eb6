// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle

/// Wakes a loop that waits for its next turn.
struct Bell: Sendable {
  private let rings: AsyncStream<Void>
  private let rope: AsyncStream<Void>.Continuation

  init() {
    (rings, rope) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  func ring() { rope.yield() }

  /// Waits until `seconds` have passed, the bell rings, or the program is told to stop.
  ///
  /// - Returns: Whether the bell has rung.
  @discardableResult
  func wait(atMost seconds: Double) async -> Bool {
    guard seconds > 0 else { return false }
    // 1 ms: a timer that fires early by a rounding would make a loop turn twice.
    let span = Duration.milliseconds(Int64((seconds * 1000).rounded(.up)))
    let hasRung = await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Bool.self) { group in
        group.addTask {
          try? await Task.sleep(for: span)
          return false
        }
        group.addTask { [rings] in
          for await _ in rings { return true }
          return false
        }
        let first = await group.next() ?? false
        group.cancelAll()
        return first
      }
    }
    return hasRung
  }
}
