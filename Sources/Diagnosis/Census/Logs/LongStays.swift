// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// The first and the last start of long stays that began one after the other without a long pause.
package struct StayRun: Hashable, Sendable {
  package var oldest: BootInstant
  package var newest: BootInstant
}

/// Since when each process has had long stays at a port. The leavers that are kept span seconds
/// only where many leave at a time.
///
/// Bounded: the processes with the newest; those of all others are one run.
struct LongStays: Sendable {
  /// What comes at the fewest in a minute leaves no longer pause, when looks are no further apart.
  static let longestPause = 30.0
  private static let most = 64

  private(set) var runs: [Int32: StayRun] = [:]

  mutating func note(_ departure: Departure) {
    let start = departure.at.advanced(bySeconds: -departure.dwellSeconds)
    add(StayRun(oldest: start, newest: start), of: departure.process)
    guard runs.count > Self.most,
      let last = runs.filter({ $0.key >= 0 }).min(by: {
        ($0.value.newest, $0.key) < ($1.value.newest, $1.key)
      })
    else { return }
    runs[last.key] = nil
    add(last.value, of: -1)
  }

  mutating func forget(_ processes: Set<Int32>) {
    runs = runs.filter { !processes.contains($0.key) }
  }

  private mutating func add(_ stays: StayRun, of process: Int32) {
    guard let run = runs[process], stays.oldest.seconds(since: run.newest) <= Self.longestPause
    else {
      runs[process] = stays
      return
    }
    // What has stayed for much longer than the others began before a pause.
    guard run.oldest.seconds(since: stays.newest) <= Self.longestPause else { return }
    runs[process] = StayRun(
      oldest: min(run.oldest, stays.oldest), newest: max(run.newest, stays.newest))
  }
}
