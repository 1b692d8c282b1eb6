// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Blocks a thread until another one has something for it: sem_overview(7). Not for threads of the
/// concurrency runtime, which must not block.
final class Semaphore: Sendable {
  // Its address must not change, and every call on it is safe from any thread.
  private nonisolated(unsafe) let semaphore: UnsafeMutablePointer<sem_t>

  init() {
    semaphore = .allocate(capacity: 1)
    sem_init(semaphore, 0, 0)
  }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  func signal() { sem_post(semaphore) }

  func wait() {
    // Only a signal handler can interrupt it.
    while sem_wait(semaphore) != 0 {}
  }
}
