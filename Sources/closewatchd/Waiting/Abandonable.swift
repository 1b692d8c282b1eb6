// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle

/// Waits for work that may be stuck in the kernel, and no longer than the program lives.
enum Abandonable {
  /// What `work` returns; nil as soon as the program is told to stop. The work then goes on alone:
  /// a thread in a system call cannot be called back.
  static func result<Value: Sendable>(
    of work: @escaping @Sendable () async -> Value
  ) async -> Value? {
    let answer = OneAnswer<Value>()
    Task { answer.give(await work()) }
    return await withTaskCancellationOrGracefulShutdownHandler {
      await answer.value()
    } onCancelOrGracefulShutdown: {
      answer.give(nil)
    }
  }

  /// What `work` returns; nil when `span` is over first. Also while the program stops.
  static func result<Value: Sendable>(
    within span: Duration, of work: @escaping @Sendable () async -> Value
  ) async -> Value? {
    let answer = OneAnswer<Value>()
    Task { answer.give(await work()) }
    // Detached from a task that is being cancelled, in which a sleep ends at once.
    let timer = Task.detached {
      try? await Task.sleep(for: span)
      answer.give(nil)
    }
    let value = await answer.value()
    timer.cancel()
    return value
  }
}
