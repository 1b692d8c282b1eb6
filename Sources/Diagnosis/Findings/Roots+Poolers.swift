// SPDX-License-Identifier: Apache-2.0

import KernelTables

extension Roots {
  /// Programs that do nothing but share connections to a backend among their clients, who wait
  /// while there is none.
  private static let poolers: Set<String> = [
    "pgbouncer", "odyssey", "pgcat", "pgagroal", "proxysql", "maxscale", "mysqlrouter",
    "nutcracker", "mcrouter",
  ]

  /// The backend that a pooler has no connection to, or none that is answered. The few that it
  /// tries are not answered, or are refused at once; it may connect one at a time, so that one
  /// attempt keeps all waiting. And all that it has may be taken by clients that were there before
  /// those that have gone, and still wait: whoever asked, it was for a client.
  func poolersBackend(of finding: Finding, _ processes: [Int32]) -> Root? {
    guard !processes.isEmpty,
      processes.allSatisfy({ index in
        inquiry.census.processes[index].map { Self.poolers.contains($0.programName) } ?? false
      })
    else { return nil }
    let upstreams = Set(processes).flatMap { opened[$0] ?? [] }
    if upstreams.isEmpty {
      // What is refused leaves no socket, and the counter is the namespace's: no place is known.
      let failed = inquiry.census.counters.increase(
        of: \.attemptFails, in: finding.namespace,
        overSeconds: max(patience(of: finding), oldestSeconds(of: finding) ?? 0))
      return failed.map { $0.increase > 0 } ?? false ? Root(.waitsForBackend) : nil
    }
    let patience = patience(of: finding)
    let waiting = Dictionary(grouping: upstreams, by: \.place).filter { _, all in
      all.allSatisfy { $0.kind == .connecting || $0.secondsWithoutAnswer >= patience }
    }.mapValues(Self.waiting)
    guard let most = Self.most(waiting, by: \.sockets), let all = waiting[most]
    else { return nil }
    return root(waitingFor: most, all, of: finding)
  }
}
