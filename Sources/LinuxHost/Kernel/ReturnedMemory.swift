// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc

/// How the allocator treats memory that is free again: mallopt(3).
package enum ReturnedMemory {
  /// Keeps blocks up to 32 MiB, the most that there can be, until ``goesBackNow()``: for a program
  /// that runs for years in turns, and gives its memory back after each.
  ///
  /// Within a turn blocks of megabytes come and go. When each goes back to the kernel at once, the
  /// next is made of new pages, which took a third of the time of a judgement of 10,000 sockets.
  /// Each thread may have an arena of its own, and each look is a thread: two arenas are enough.
  package static func goesBackInTurns() {
    let threshold: Int32 = 32 << 20
    // Fails only for values that are out of range.
    mallopt(M_MMAP_THRESHOLD, threshold)
    mallopt(M_TRIM_THRESHOLD, threshold)
    mallopt(M_ARENA_MAX, 2)
  }

  /// For a program whose threads work one after the other: another arena would be new pages for
  /// nothing.
  package static func staysInOneArena() { mallopt(M_ARENA_MAX, 1) }

  /// Gives free pages back that lie between blocks in use: malloc_trim(3). What comes and goes in
  /// small blocks would leave its highest number of pages behind, scattered.
  package static func goesBackNow() { malloc_trim(0) }

  /// Gives the whole pages of a part of a block back, which nobody reads again before the block is
  /// freed: they are zero from now on.
  ///
  /// - Returns: Up to where they go, from the start of the part.
  static func pagesGoBack(of part: UnsafeRawBufferPointer) -> Int {
    let page = sysconf(Int32(_SC_PAGESIZE))
    let start = Int(bitPattern: part.baseAddress)
    let first = (start + page - 1) / page * page
    let end = (start + part.count) / page * page
    guard end > first else { return 0 }
    madvise(UnsafeMutableRawPointer(bitPattern: first), end - first, MADV_DONTNEED)
    return end - start
  }

  /// Unmaps the pages of code and constants that this process has touched. Those that are used go
  /// on to be there after the next touch, for half a microsecond each; what only the start needed
  /// (commands, options, settings) stays away. They are the files' own pages: nothing is lost.
  package static func startUpCodeGoesBack() { closewatch_unmap_code() }
}
