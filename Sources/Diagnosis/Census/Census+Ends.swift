// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Services that have ended. The kernel closed their sockets then, which says nothing of how long
/// the program takes to close one: after a restart, the usual remedy, a leak would be taken for the
/// slow pace of a program that closes in the end.
extension Census {
  /// Fewest sockets that went with a process for its end to be told from its work. A process for
  /// each connection, or for each of a few, ends to close: there the end is the pace.
  private static let fewestAtEnd = 3
  /// Bounds the question to the host.
  private static let mostAsked = 64

  /// Processes that have lost several sockets and may have ended: they and the masters they were
  /// forked from are asked for by their records.
  var pidsToAskWhetherAlive: [Int32] {
    losers.flatMap { [$0, processes.programRoot(of: $0)] }.compactMap { processes[$0]?.id.pid }
  }

  /// Of those, the ones that live no more, and whose master does not either: a worker that is
  /// replaced is the service's way of life.
  func endedServices(_ report: HolderReport, of search: HolderSearch) -> Set<Int32> {
    let losers = losers
    guard !losers.isEmpty, !report.gaps.contains(where: { $0.kind == .boundReached })
    else { return [] }
    let asked = Set(search.records)
    let alive = Set(report.processes.map(\.id))
    return Set(
      losers.filter { process in
        [process, processes.programRoot(of: process)].allSatisfy { index in
          guard let id = processes[index]?.id else { return false }
          return asked.contains(id.pid) && !alive.contains(id)
        }
      })
  }

  /// Those with most sockets lost first.
  private var losers: [Int32] {
    var counts = lost
    for connection in deadSockets.unresolved.values where connection.opener >= 0 {
      counts[connection.opener, default: 0] += 1
    }
    return counts.filter { $0.value >= Self.fewestAtEnd }
      .sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(Self.mostAsked).map(\.key)
  }
}
