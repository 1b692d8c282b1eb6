// SPDX-License-Identifier: Apache-2.0

/// The sockets that a scan knows, by inode: open addressing, 9 bytes a slot, made for one lookup
/// for each descriptor of the host.
struct InodeTable {
  private var inodes: [UInt64]
  private var flags: [UInt8]
  private var shift: UInt64
  private var count = 0
  /// Wanted sockets that no scan has come across yet.
  private(set) var unresolved = 0

  private static let wanted: UInt8 = 1
  private static let resolved: UInt8 = 2

  /// What is known of an inode.
  enum Entry: Equatable {
    /// In no row of the sample.
    case absent
    /// In a row, and nobody asked for it.
    case known
    case wanted
  }

  /// - Parameter capacity: About how many inodes will be inserted.
  init(capacity: Int) {
    var bits: UInt64 = 4
    while 1 << bits < capacity * 2 { bits += 1 }
    inodes = [UInt64](repeating: 0, count: 1 << bits)
    flags = [UInt8](repeating: 0, count: 1 << bits)
    shift = 64 - (bits - 3)
  }

  /// Adds a socket of the sample. Inode 0 is no inode.
  mutating func insert(_ inode: UInt64) {
    if inode != 0 { _ = place(inode) }
  }

  /// The slot that holds `inode` from now on.
  private mutating func place(_ inode: UInt64) -> Int {
    if count * 2 >= inodes.count { grow() }
    let slot = slot(of: inode)
    if inodes[slot] == 0 {
      inodes[slot] = inode
      count += 1
    }
    return slot
  }

  /// Adds a socket whose holders are asked for.
  mutating func want(_ inode: UInt64) {
    guard inode != 0 else { return }
    let slot = place(inode)
    if flags[slot] & Self.wanted == 0 {
      flags[slot] |= Self.wanted
      unresolved += 1
    }
  }

  /// Looks an inode up that a descriptor leads to.
  func entry(_ inode: UInt64) -> Entry {
    let slot = slot(of: inode)
    if inodes[slot] == 0 { return .absent }
    return flags[slot] & Self.wanted != 0 ? .wanted : .known
  }

  /// Whether it is wanted and was not resolved when ``settle(_:)`` was last called for it.
  func isUnresolved(_ inode: UInt64) -> Bool {
    let slot = slot(of: inode)
    return inodes[slot] != 0 && flags[slot] == Self.wanted
  }

  /// Notes that a holder of it is known.
  mutating func settle(_ inode: UInt64) {
    let slot = slot(of: inode)
    if inodes[slot] != 0, flags[slot] == Self.wanted {
      flags[slot] |= Self.resolved
      unresolved -= 1
    }
  }

  /// The slot that holds `inode`, or the free one where it belongs.
  private func slot(of inode: UInt64) -> Int {
    // Fibonacci hashing of eight at a time: consecutive inodes, which is what the sockets of a
    // process are, share a line of the processor's cache, and their groups spread over the table.
    let group = ((inode >> 3) &* 0x9e37_79b9_7f4a_7c15) >> shift
    var slot = Int(group << 3 | inode & 7)
    while inodes[slot] != 0, inodes[slot] != inode { slot = (slot + 1) & (inodes.count - 1) }
    return slot
  }

  private mutating func grow() {
    var bigger = InodeTable(capacity: inodes.count * 2)
    for (inode, flag) in zip(inodes, flags) where inode != 0 {
      let slot = bigger.slot(of: inode)
      bigger.inodes[slot] = inode
      bigger.flags[slot] = flag
    }
    bigger.count = count
    bigger.unresolved = unresolved
    self = bigger
  }
}
