// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// An answer that several may give and one waits for: the first counts, and it may be there before
/// anyone waits.
final class OneAnswer<Value: Sendable>: Sendable {
  private enum State {
    case open
    case expected(CheckedContinuation<Value?, Never>)
    case given(Value?)
    case done
  }

  private let state = Mutex(State.open)

  /// Waits for the first answer. Once.
  func value() async -> Value? {
    await withCheckedContinuation { continuation in
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
