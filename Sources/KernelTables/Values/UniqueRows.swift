// SPDX-License-Identifier: Apache-2.0

/// Removes rows that a source gave twice: `sock_diag` in very long hash chains, `/proc/net/tcp`
/// whenever the table grows under the reader.
package enum UniqueRows {
  /// Keeps one row, the newest, of each socket among `rows[start...]`, which are all of one
  /// namespace. Takes four bytes for each possible slot of a hash table and no more.
  ///
  /// Two rows are of one socket when their cookies are equal; without a cookie, when their ends and
  /// families are equal and their inodes are equal or one of them is 0. Listeners can share an
  /// address (SO_REUSEPORT): their inodes decide.
  ///
  /// - Returns: How many rows were removed.
  package static func compact(_ rows: inout [SocketRow], from start: Int) -> Int {
    let count = rows.count - start
    guard count > 1 else { return 0 }
    var capacity = 4
    while capacity < count * 2 { capacity *= 2 }
    let mask = UInt64(capacity - 1)
    // Each slot: the row's index from `start`, plus one; 0 is free.
    var slots = [UInt32](repeating: 0, count: capacity)
    var kept = 0
    for index in 0..<count {
      var slot = Int(truncatingIfNeeded: hash(rows[start + index]) & mask)
      var twin: Int?
      while slots[slot] != 0 {
        let other = Int(slots[slot]) - 1
        if isSameSocket(rows[start + other], rows[start + index]) {
          twin = other
          break
        }
        slot = Int(truncatingIfNeeded: (UInt64(slot) + 1) & mask)
      }
      if let twin {
        rows[start + twin] = rows[start + index]
      } else {
        if kept != index { rows[start + kept] = rows[start + index] }
        kept += 1
        slots[slot] = UInt32(truncatingIfNeeded: kept)
      }
    }
    rows.removeLast(count - kept)
    return count - kept
  }

  @inline(__always)
  private static func isSameSocket(_ one: SocketRow, _ other: SocketRow) -> Bool {
    if one.cookie != 0 || other.cookie != 0 { return one.cookie == other.cookie }
    guard one.localPort == other.localPort, one.remotePort == other.remotePort,
      one.family == other.family, one.localAddress == other.localAddress,
      one.remoteAddress == other.remoteAddress
    else { return false }
    if one.inode == other.inode { return true }
    return (one.inode == 0 || other.inode == 0) && one.state != .listen && other.state != .listen
  }

  /// Equal for rows of one socket: of the cookie, or of the ends without the inode.
  @inline(__always)
  private static func hash(_ row: SocketRow) -> UInt64 {
    if row.cookie != 0 { return mix(row.cookie) }
    let ports = UInt64(row.localPort) << 16 | UInt64(row.remotePort)
    var value = mix(ports ^ row.localAddress.low)
    value = mix(value ^ row.remoteAddress.low)
    value = mix(value ^ row.localAddress.high)
    value = mix(value ^ row.remoteAddress.high)
    // A group of listeners on one address would make one long chain.
    return row.state == .listen ? mix(value ^ row.inode) : value
  }

  /// The finalizer of SplitMix64: every bit of the input reaches every bit of the output.
  @inline(__always)
  private static func mix(_ value: UInt64) -> UInt64 {
    var value = value &+ 0x9e37_79b9_7f4a_7c15
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}
