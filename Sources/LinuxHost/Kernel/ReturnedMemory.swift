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

  /// For a program whose threads work one after the other: another arena would be new pages for
  /// nothing.
  package static func isInOneArena() { mallopt(M_ARENA_MAX, 1) }

  /// Gives free pages back that lie between blocks in use: malloc_trim(3). What comes and goes in
  /// small blocks would leave its highest number of pages behind, scattered.
  package static func goesBackNow() { malloc_trim(0) }

  /// Unmaps the pages of code and constants that this process has touched. Those that are used go
  /// on to be there after the next touch, for half a microsecond each; what only the start needed
  /// (commands, options, settings) stays away. They are the files' own pages: nothing is lost.
  package static func startUpCodeGoesBack() { closewatch_unmap_code() }
}
