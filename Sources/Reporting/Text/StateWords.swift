// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// Sockets by state, in the order in which people want to read them.
enum StateWords {
  /// `CLOSE_WAIT 88, LISTEN 12, ESTABLISHED 703`: what needs a person first.
  static func words(_ counts: StateCounts) -> String {
    guard !counts.isEmpty else { return "none" }
    return ordered(counts.byState).map { "\($0.name) \(Quantity.count($1))" }
      .joined(separator: ", ")
  }

  static func ordered(_ counts: [TCPState: Int]) -> [(TCPState, Int)] {
    counts.sorted {
      (SocketListing.rank($0.key), $0.key) < (SocketListing.rank($1.key), $1.key)
    }.map { ($0.key, $0.value) }
  }
}
