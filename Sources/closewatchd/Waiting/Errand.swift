// SPDX-License-Identifier: Apache-2.0

import LinuxHost
import Synchronization

/// Does one thing at a time that may take for ever, as a name server or a file system can, on a
/// thread of its own. What hangs does not pile up.
final class Errand: Sendable {
  /// What became of it.
  enum Outcome<Value: Sendable>: Sendable {
    case done(Value)
    /// It goes on alone, and nobody waits for it.
    case late
    /// An earlier one is not back yet.
    case busy
  }

  private actor Runner {
    private let thread: BlockingThread

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(purpose: String) throws(SystemCallError) { thread = try BlockingThread(purpose: purpose) }

    func run<Value: Sendable>(_ work: @Sendable () -> Value) -> Value { work() }
  }

  private let runner: Runner
  private let isOut = Mutex(false)

  /// - Parameter purpose: For the error when there can be no thread.
  init(purpose: String) throws(SystemCallError) { runner = try Runner(purpose: purpose) }

  /// - Parameter seconds: For how long to wait.
  func run<Value: Sendable>(
    within seconds: Double, _ work: @escaping @Sendable () -> Value
  ) async -> Outcome<Value> {
    let mayGo = isOut.withLock { isOut in
      defer { isOut = true }
      return !isOut
    }
    guard mayGo else { return .busy }
    let span = Duration.milliseconds(Int64(max(1, seconds * 1000)))
    let value = await Abandonable.result(within: span) { [self] in
      defer { isOut.withLock { $0 = false } }
      return await runner.run(work)
    }
    return value.map { .done($0) } ?? .late
  }
}
