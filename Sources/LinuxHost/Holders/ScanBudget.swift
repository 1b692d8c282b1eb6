// SPDX-License-Identifier: Apache-2.0

// Whichever of the two a build reads first owns timespec.
import CLinuxDiag
import Glibc

/// How much a search may still cost, in entries looked at and in time.
struct ScanBudget {
  /// Descriptors that may still be looked at.
  private(set) var entries: Int
  private var deadline: Int64
  private var untilClock = 0
  private(set) var isSpent = false

  init(entries: Int, milliseconds: Int) {
    self.entries = entries
    deadline = Self.now() + Int64(milliseconds) * 1_000_000
  }

  /// Half of what is left: for one of many, so that it leaves something to the others.
  func half() -> ScanBudget {
    var part = self
    part.entries = entries / 2
    part.deadline = Self.now() + max(0, deadline - Self.now()) / 2
    part.untilClock = 0
    return part
  }

  /// Takes what was used of ``half()``. Its time has passed for this one too.
  mutating func charge(_ part: ScanBudget, of whole: ScanBudget) {
    entries -= max(0, whole.entries / 2 - part.entries)
    _ = check()
  }

  /// Takes one entry; false when nothing is left. The clock is read for every 256th.
  mutating func take() -> Bool {
    if isSpent { return false }
    entries -= 1
    untilClock -= 1
    if untilClock < 0 {
      untilClock = 256
      closewatch_mark_progress()
      if Self.now() > deadline { isSpent = true }
    }
    if entries < 0 { isSpent = true }
    return !isSpent
  }

  /// Whether time or entries are used up, by the clock of now.
  mutating func check() -> Bool {
    untilClock = 0
    if Self.now() > deadline { isSpent = true }
    return !isSpent
  }

  /// Nanoseconds of CLOCK_MONOTONIC.
  private static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
