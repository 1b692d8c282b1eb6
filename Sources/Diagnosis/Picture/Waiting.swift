// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Whether a socket is one that should be gone. The one definition, for every page.
package enum Waiting: UInt8, Comparable, Hashable, Sendable {
  case no
  /// One side has closed, and somebody has to move. Harmless for a moment.
  case waiting
  /// The same for longer than the patience, without a byte either way.
  case stuck

  package static func < (a: Waiting, b: Waiting) -> Bool { a.rawValue < b.rawValue }

  /// What the kernel's row says of the reason.
  package enum Kind: UInt8, Hashable, Sendable {
    case unaccepted, closeWaitData, closeWaitUnread, closeWaitRead, halfClosed, closing, dead
  }

  /// The states in which a socket has been closed by one side and not by the other.
  package static let states: [TCPState] = [.finWait1, .finWait2, .closeWait, .lastAck, .closing]

  /// - Parameters:
  ///   - quietSince: When it entered its state or last moved a byte, whichever was later; nil:
  ///     not remembered.
  ///   - limit: What has been quiet since then or longer is stuck.
  @inline(__always)
  init(_ row: SocketRow, quietSince: BootInstant?, limit: BootInstant) {
    guard let kind = Kind(row) else {
      self = .no
      return
    }
    if let quietSince, quietSince <= limit {
      self = .stuck
    } else if kind == .closing, row.retransmits == 0 {
      // The peer has had no time to acknowledge it.
      self = .no
    } else {
      self = .waiting
    }
  }

  package init(_ row: SocketRow, _ connection: Connection, limit: BootInstant) {
    self.init(row, quietSince: connection.quietSince, limit: limit)
  }

  /// A descriptor on a dead socket. One that was there at the first search has been dead for
  /// nobody knows how long.
  package init(_ dead: DeadSocket, limit: BootInstant) {
    self = dead.isInherited || dead.since <= limit ? .stuck : .waiting
  }
}

extension Waiting.Kind {
  /// nil: nothing has to move. An orphan in FIN_WAIT2 waits too, and the kernel ends it by its own
  /// timer.
  @inline(__always)
  package init?(_ row: SocketRow) {
    switch row.state {
    case .closeWait where row.inode == 0: self = .unaccepted
    case .closeWait:
      switch row.receiveQueue {
      case 0: self = .closeWaitRead
      case 1: self = .closeWaitUnread
      default: self = .closeWaitData
      }
    case .finWait2 where row.inode != 0: self = .halfClosed
    case .finWait1, .lastAck, .closing: self = .closing
    default: return nil
    }
  }
}

extension Connection {
  /// When it entered its state or last moved a byte, whichever was later.
  package var quietSince: BootInstant { max(stateSince, progressAt) }
}
