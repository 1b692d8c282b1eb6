// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// The sockets of one finding, one by one, as the newest look shows them.
package struct FindingSockets: Sendable {
  package let finding: Finding
  /// Those with a row, the oldest first.
  package let sockets: [ExampleSocket]

  /// - Parameter most: More of them are only counted.
  package init(_ finding: Finding, in census: Census, most: Int) {
    self.finding = finding
    let connections = finding.members.lazy.compactMap { census.connection($0.id) }
      .filter { $0.rowIndex >= 0 }
      .sorted { ($0.stateSince, $0.id.key) < ($1.stateSince, $1.id.key) }
    sockets = connections.prefix(most).compactMap { connection in
      census.row(of: connection).map { row in
        ExampleSocket(
          row: row, age: connection.age(at: census.now), holder: census.holder(of: row))
      }
    }
  }

  /// How many the finding has besides: dead ones have no row, and not all may fit.
  package var others: Int { max(0, finding.sockets - sockets.count) }
}

extension Census {
  /// The first that has a descriptor on the socket of a row.
  func holder(of row: SocketRow) -> SocketHolder? {
    guard row.inode != 0, let reference = holders.first(of: row.inode),
      let process = processes[reference.process]
    else { return nil }
    return SocketHolder(
      inode: row.inode, process: process.id, fd: reference.fd, table: reference.table)
  }
}
