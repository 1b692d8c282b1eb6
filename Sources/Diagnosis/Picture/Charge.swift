// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Whom a socket is charged to: who holds it; else who listens for it, while it has not been
/// accepted; else who held it when it was last seen with a holder. The one attribution, for every
/// page.
package struct Charge: Hashable, Sendable {
  /// How the process of a socket is known.
  package enum Relation: UInt8, Sendable {
    /// It has a descriptor on it.
    case holder
    /// It listens on the port, and has not accepted it yet.
    case listener
    /// It held it when it was last seen with a holder.
    case opener
    case nobody
  }

  /// An index into the census' processes; -1 when no process is known.
  package var process: Int32
  /// -1 when it has none.
  package var fd: Int32
  package var relation: Relation

  package static let nobody = Charge(process: -1, fd: -1, relation: .nobody)
}

/// Charges the sockets of one census, each where it belongs.
package struct Charger {
  private struct End: Hashable {
    var namespace: NetnsID
    var local: Endpoint
  }

  private let census: Census
  /// Who listens at an end, found once for all that wait there.
  private var listening: [End: Int32] = [:]

  package init(_ census: Census) { self.census = census }

  /// - Parameter opener: ``Connection/opener`` of the row's connection; -1 for a listener.
  @inline(__always)
  package mutating func charge(_ row: SocketRow, opener: Int32) -> Charge {
    if let holder = census.holders.first(of: row.inode), census.processes.knows(holder.process) {
      return Charge(process: holder.process, fd: holder.fd, relation: .holder)
    }
    if row.isUnaccepted {
      let listener = listener(of: row)
      if listener >= 0 { return Charge(process: listener, fd: -1, relation: .listener) }
    }
    guard census.processes.knows(opener) else { return .nobody }
    return Charge(process: opener, fd: -1, relation: .opener)
  }

  /// The first process that holds a listener which the row may wait for; -1: none is known.
  private mutating func listener(of row: SocketRow) -> Int32 {
    let end = End(namespace: row.namespace, local: row.local)
    if let known = listening[end] { return known }
    let found = census.listenerHolders(of: row).first { census.processes.knows($0) } ?? -1
    listening[end] = found
    return found
  }
}
