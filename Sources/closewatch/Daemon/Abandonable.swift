// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle
import Synchronization

/// Waits for work that may be stuck in the kernel, and no longer than the program lives.
enum Abandonable {
  /// What `work` returns; nil as soon as the program is told to stop. The work then goes on alone:
  /// a thread in a system call cannot be called back.
  static func result<Value: Sendable>(
    of work: @escaping @Sendable () async -> Value
  ) async -> Value? {
    let answer = Answer<Value>()
    return await withTaskCancellationOrGracefulShutdownHandler {
      await withCheckedContinuation { continuation in
        answer.expect(continuation)
        Task { answer.give(await work()) }
      }
    } onCancelOrGracefulShutdown: {
      answer.give(nil)
    }
  }

  /// Returns when `work` has, or when `span` is over. Also while the program stops.
  static func finish(
    within span: Duration, _ work: @escaping @Sendable () async -> Void
  ) async {
    let answer = Answer<Bool>()
    _ = await withCheckedContinuation { continuation in
      answer.expect(continuation)
      Task {
        await work()
        answer.give(true)
      }
      // Detached from a task that is being cancelled, in which a sleep ends at once.
      Task.detached {
        try? await Task.sleep(for: span)
        answer.give(nil)
      }
    }
  }

  /// The first answer counts; it may be there before anyone waits for it.
  private final class Answer<Value: Sendable>: Sendable {
    private enum State {
      case open
      case expected(CheckedContinuation<Value?, Never>)
      case given(Value?)
      case done
    }

    private let state = Mutex(State.open)

    func expect(_ continuation: CheckedContinuation<Value?, Never>) {
      let early: Value?? = state.withLock { state in
        if case .given(let value) = state {
          state = .done
          return .some(value)
        }
        state = .expected(continuation)
        return nil
      }
      if let early { continuation.resume(returning: early) }
    }

    func give(_ value: Value?) {
      let waiting: CheckedContinuation<Value?, Never>? = state.withLock { state in
        switch state {
        case .open:
          state = .given(value)
          return nil
        case .expected(let continuation):
          state = .done
          return continuation
        case .given, .done:
          return nil
        }
      }
      waiting?.resume(returning: value)
    }
  }
}
