// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// Whom the sockets of a census are charged to.
struct SocketOwners {
  /// How the process of a socket is known.
  enum Relation: UInt8, Sendable {
    /// It has a descriptor on it.
    case holder
    /// It listens on the port, and has not accepted it yet.
    case listener
    /// It held it when it was last seen with a holder.
    case opener
    case nobody
  }

  /// A process of a socket.
  struct Charged {
    /// An index into the census' processes; -1 when no process is known.
    var index: Int32
    /// -1 when it has none.
    var fd: Int32
    var relation: Relation

    static let nobody = Charged(index: -1, fd: -1, relation: .nobody)
  }

  /// Who has what no process holds, and of which it is not known who did.
  static let nobody = Owner(.kernel, "kernel")

  private let census: Census
  /// Making the owner of a process costs more than finding it again.
  private var known: [Int32: Owner] = [:]

  init(_ census: Census) { self.census = census }

  /// Who holds it; else who listens for it; else who held it when it was last seen with a holder.
  func process(of connection: Connection, _ row: SocketRow) -> Charged {
    if let holder = census.holders.first(of: row.inode), census.processes[holder.process] != nil {
      return Charged(index: holder.process, fd: holder.fd, relation: .holder)
    }
    if row.isUnaccepted,
      let listener = census.listenerHolders(of: row).first(where: { census.processes[$0] != nil })
    {
      return Charged(index: listener, fd: -1, relation: .listener)
    }
    guard census.processes[connection.opener] != nil else { return .nobody }
    return Charged(index: connection.opener, fd: -1, relation: .opener)
  }

  /// The owner of a process; the kernel for a process that is not known.
  mutating func owner(process: Int32) -> Owner {
    if let owner = known[process] { return owner }
    guard let owner = census.processes[process]?.owner else { return Self.nobody }
    known[process] = owner
    return owner
  }
}
