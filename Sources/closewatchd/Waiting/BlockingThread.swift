// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxHost
import Synchronization

/// A thread of its own for work that can get stuck in a system call: an actor that names it as its
/// executor can wait for as long as it takes without taking a thread from the rest of the program.
///
/// The thread lives as long as the process; nobody waits for it at the end.
final class BlockingThread: SerialExecutor {
  private let jobs = Mutex<[UnownedJob]>([])
  private let work = Semaphore()

  /// - Parameter purpose: For the error when there can be no thread.
  init(purpose: String) throws(SystemCallError) {
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<BlockingThread>.fromOpaque(context).takeRetainedValue().serve()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    guard code == 0 else {
      throw SystemCallError("pthread_create", on: "the \(purpose) thread", errno: code)
    }
    pthread_detach(thread)
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
    work.signal()
  }

  private func serve() {
    while true {
      work.wait()
      guard let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { continue }
      job.runSynchronously(on: asUnownedSerialExecutor())
    }
  }
}
