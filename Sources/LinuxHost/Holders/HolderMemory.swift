// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// One holder of each socket, from earlier searches. A hint, never an answer: it is verified
/// before it is used.
struct HolderMemory: Sendable {
  private var holders: [UInt64: SocketHolder] = [:]
  var count: Int { holders.count }
  /// Larger searches are not remembered.
  static let largestSearch = 16_384
  private static let capacity = 65_536

  /// The descriptor in which a socket was last seen.
  subscript(_ inode: UInt64) -> SocketHolder? { holders[inode] }

  /// Remembers what a search found. Above the bound, what this search did not ask for goes.
  mutating func keep(_ found: [SocketHolder], wanted: Set<UInt64>) {
    for holder in found where holder.table == .process {
      if holders.count >= Self.capacity, holders[holder.inode] == nil {
        holders = holders.filter { wanted.contains($0.key) }
        if holders.count >= Self.capacity { return }
      }
      holders[holder.inode] = holder
    }
  }

  /// Forgets sockets that have gone, in time: connections come and go by the million.
  ///
  /// - Parameters:
  ///   - states: That were asked for. Of fewer than all, nothing can be told.
  ///   - inodes: Of all rows.
  mutating func forgetGone(from states: StateSet, _ inodes: [UInt64]) {
    // Now and then, when it is worth the pass.
    guard states.contains(.established), count > 2 * inodes.count + 256
    else { return }
    let present = Set(inodes)
    holders = holders.filter { present.contains($0.key) }
  }
}
