// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A thread for one piece of work that changes its network namespace. It ends with the work, so
/// that there is nothing to restore, and the caller's namespace never changes.
package enum LookThread {
  /// Runs `body` on a thread of its own and waits for it.
  ///
  /// - Throws: ``SystemCallError`` when there can be no thread.
  package static func run<Result>(_ body: () -> Result) throws(SystemCallError) -> Result {
    var result: Result?
    try withoutActuallyEscaping(body) { (body) throws(SystemCallError) in
      let work = Work { result = body() }
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { context in
          guard let context else { return nil }
          Unmanaged<Work>.fromOpaque(context).takeUnretainedValue().body()
          return nil
        }, Unmanaged.passUnretained(work).toOpaque())
      guard code == 0 else {
        throw SystemCallError("pthread_create", on: "the sampling thread", errno: code)
      }
      pthread_join(thread, nil)
      withExtendedLifetime(work) {}
    }
    guard let result else { preconditionFailure("a joined thread has done its work") }
    return result
  }

  private final class Work {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }
}
