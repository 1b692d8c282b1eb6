// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A thread that nobody waits for: it ends with its work, or with the process. No signal is ever
/// delivered to it.
package enum BackgroundThread {
  /// Starts `body` on a thread of its own.
  ///
  /// - Parameter purpose: For the error when there can be no thread.
  package static func start(
    _ purpose: String, _ body: sending @escaping () -> Void
  ) throws(SystemCallError) {
    let work = Work(body)
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    // A new thread has the mask of the one that starts it.
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let context = Unmanaged.passRetained(work)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
        return nil
      }, context.toOpaque())
    guard code == 0 else {
      context.release()
      throw SystemCallError("pthread_create", on: "the \(purpose) thread", errno: code)
    }
    pthread_detach(thread)
  }

  private final class Work {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }
}
