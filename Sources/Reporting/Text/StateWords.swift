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

extension TCPState {
  /// `fin-wait-2`, `close-wait`: as ss and `closewatch sockets --state` take it.
  var dashedName: String {
    switch self {
    case .finWait1: "fin-wait-1"
    case .finWait2: "fin-wait-2"
    default: String(name.lowercased().map { $0 == "_" ? "-" : $0 })
    }
  }
}
