// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// One line of the list of sockets. Small and plain: a picture can have hundreds of thousands.
struct TopSocket: Sendable {
  /// Whether it is one that should be gone.
  enum Wait: UInt8, Sendable, Comparable {
    case no
    /// One side has closed; the program here has to move. Harmless for a moment.
    case waiting
    /// The same for longer than the patience, without a byte either way.
    case stuck

    static func < (a: Wait, b: Wait) -> Bool { a.rawValue < b.rawValue }
  }

  /// What makes it the same socket in the next picture.
  enum ID: Hashable, Sendable {
    case row(SocketID)
    /// By inode: a dead socket has no cookie that can be read.
    case deadSocket(UInt64)
  }

  /// The position in the sample's rows; of a dead socket, in ``TopPicture/deadSockets``.
  var position: Int32
  var isDead: Bool
  var wait: Wait
  var relation: SocketOwners.Relation
  /// The position in ``TopPicture/owners``.
  var owner: Int32
  /// An index into the census' processes; -1 when none is known.
  var process: Int32
  /// -1 when it has none.
  var fd: Int32
  var age: Age
}

extension TopSocket.Wait {
  /// Judges a connection by the states that `StuckOwner` and `SuspiciousGroup` judge.
  ///
  /// - Parameter limit: What has been quiet since then or longer is stuck.
  init(_ connection: Connection, _ row: SocketRow, limit: BootInstant) {
    guard Self.waits(row) else {
      self = .no
      return
    }
    let since = max(connection.stateSince, connection.progressAt)
    self = since <= limit ? .stuck : .waiting
  }

  private static func waits(_ row: SocketRow) -> Bool {
    switch row.state {
    case .closeWait: true
    case .finWait2: row.inode != 0
    // One that was acknowledged at once has no repetitions.
    case .finWait1, .lastAck, .closing: row.retransmits > 0
    default: false
    }
  }
}
