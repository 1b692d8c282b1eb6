// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A thread for one piece of work. With its end the kernel lets go of each thread that it traces,
/// also of those that have not stopped yet: nothing else does.
enum OwnThread {
  private final class Work {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }

  /// - Returns: What the work does; nil where there is no thread to be had.
  static func run<Result>(_ work: () -> Result?) -> Result? {
    var result: Result?
    withoutActuallyEscaping(work) { work in
      let box = Unmanaged.passRetained(Work { result = work() })
      var thread = pthread_t()
      let failed = pthread_create(
        &thread, nil,
        { pointer in
          guard let pointer else { return nil }
          Unmanaged<Work>.fromOpaque(pointer).takeUnretainedValue().body()
          return nil
        }, box.toOpaque())
      if failed == 0 { pthread_join(thread, nil) }
      box.release()
    }
    return result
  }
}
