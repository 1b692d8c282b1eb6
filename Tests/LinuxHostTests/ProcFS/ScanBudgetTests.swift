// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LinuxHost

/// How much of a search one process may take, and who is named when not all could be looked at.
@Suite struct ScanBudgetTests {
  /// Searches processes one after the other, each with as many threads as it is said to have.
  private func search(_ threads: [Int], entries: Int) -> HolderLook.CutThreads {
    let all = ScanBudget(entries: entries, milliseconds: 60_000)
    var left = all
    var cut = HolderLook.CutThreads()
    for (index, count) in threads.enumerated() {
      let whole = left
      var part = whole.half()
      for _ in 0..<count where !part.take() { break }
      if part.isSpent { cut.add(Int32(index + 1), part, of: all) }
      left.charge(part, of: whole)
    }
    return cut
  }

  @Test func `who has threads without end is named, and not those who come after`() {
    let small = [Int](repeating: 200, count: 10)
    let cut = search([10, 5000, 5000, 5000, 5000] + small, entries: 1000)
    #expect(cut.isAny)
    #expect(cut.words == "; processes 2, 3 have more threads than there was time for")
    let one = search([5000, 200, 100, 100, 100, 100, 100, 100], entries: 1000)
    #expect(one.words == "; process 1 has more threads than there was time for")
  }

  @Test func `where there was nothing left from the start, nobody is named`() {
    let cut = search([4, 4], entries: 0)
    #expect(cut.isAny)
    #expect(cut.words == "")
    #expect(!search([4, 4], entries: 1000).isAny)
  }
}
