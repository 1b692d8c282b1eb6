// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag

/// How the allocator treats memory that is free again: mallopt(3).
package enum ReturnedMemory {
  /// Gives large blocks back to the kernel at once, for a program that runs for years.
  ///
  /// glibc raises its thresholds by itself when large blocks come and go, to save system calls:
  /// after one look at a large table the process would keep its size for ever. Each thread may
  /// have an arena of its own, and each look is a thread: two arenas are enough.
  package static func goesBackAtOnce() {
    let threshold: Int32 = 131_072
    // Fails only for values that are out of range.
    mallopt(M_MMAP_THRESHOLD, threshold)
    mallopt(M_TRIM_THRESHOLD, threshold)
    mallopt(M_ARENA_MAX, 2)
  }
}
