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
  /// What there was at the start, in entries and nanoseconds.
  private var size: (entries: Int, time: Int64)

  init(entries: Int, milliseconds: Int) {
    self.entries = entries
    size = (entries, Int64(milliseconds) * 1_000_000)
    deadline = Self.now() + size.time
  }

  /// Half of what is left: for one of many, so that it leaves something to the others.
  func half() -> ScanBudget {
    var part = self
    let now = Self.now()
    part.size = (entries / 2, max(0, deadline - now) / 2)
    part.entries = part.size.entries
    part.deadline = now + part.size.time
    part.untilClock = 0
    return part
  }

  /// Whether who has used this up has used much of the whole: a half, or what is left for the next
  /// one after that, which is a little less than a quarter.
  func isLargePart(of whole: ScanBudget) -> Bool {
    size.entries > 0 && size.entries >= whole.size.entries / 5 && size.time >= whole.size.time / 5
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
