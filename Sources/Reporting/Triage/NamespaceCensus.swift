// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// How many sockets of one network namespace are in each state.
struct NamespaceCensus: Sendable {
  var namespace: NamespaceSample
  var counts: [TCPState: Int]

  /// Of every namespace of the sample: that of closewatch first, then those with most sockets.
  static func all(in sample: Sample) -> [NamespaceCensus] {
    var counts: [NetnsID: [TCPState: Int]] = [:]
    for row in sample.sockets { counts[row.namespace, default: [:]][row.state, default: 0] += 1 }
    return ordered(sample.namespaces, counts)
  }

  /// The same of numbers that were counted before.
  static func ordered(
    _ namespaces: [NamespaceSample], _ counts: [NetnsID: [TCPState: Int]]
  ) -> [NamespaceCensus] {
    let censuses = namespaces.map {
      NamespaceCensus(namespace: $0, counts: counts[$0.id] ?? [:])
    }
    func key(_ census: NamespaceCensus) -> (Int, Int, NetnsID) {
      let sum = census.counts.values.reduce(0, +)
      return (census.namespace.isOwn ? 0 : 1, -sum, census.namespace.id)
    }
    return censuses.sorted { key($0) < key($1) }
  }

  static func total(_ censuses: [NamespaceCensus]) -> [TCPState: Int] {
    censuses.reduce(into: [:]) { sum, census in sum.merge(census.counts, uniquingKeysWith: +) }
  }

  /// `CLOSE_WAIT 88, LISTEN 12, ESTABLISHED 703`: what needs a person first.
  static func words(_ counts: [TCPState: Int]) -> String {
    guard !counts.isEmpty else { return "none" }
    return ordered(counts).map { "\($0.name) \(Quantity.count($1))" }.joined(separator: ", ")
  }

  static func ordered(_ counts: [TCPState: Int]) -> [(TCPState, Int)] {
    counts.sorted {
      (SocketListing.rank($0.key), $0.key) < (SocketListing.rank($1.key), $1.key)
    }.map { ($0.key, $0.value) }
  }
}
