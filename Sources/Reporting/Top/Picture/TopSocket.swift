// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// One line of the list of sockets. Small and plain: a picture can have hundreds of thousands.
struct TopSocket: Sendable {
  /// What makes it the same socket in the next picture.
  enum ID: Hashable, Sendable {
    case row(SocketID)
    /// By inode: a dead socket has no cookie that can be read.
    case deadSocket(UInt64)
  }

  /// The position in the sample's rows; of a dead socket, in ``TopPicture/deadSockets``.
  var position: Int32
  var isDead: Bool
  var wait: Waiting
  var relation: Charge.Relation
  /// The position in ``TopPicture/owners``.
  var owner: Int32
  /// An index into the census' processes; -1 when none is known.
  var process: Int32
  /// -1 when it has none.
  var fd: Int32
  var age: Age
}
