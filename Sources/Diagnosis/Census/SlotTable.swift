// SPDX-License-Identifier: Apache-2.0

/// Finds positions of an array by a hash of their elements: open addressing, 8 bytes a cell, at
/// most seven of eight cells in use.
///
/// A dictionary holds a copy of each key and hashes it for seed and safety; the census looks up
/// every row of every look, and its keys are in its array already.
struct SlotTable: Sendable {
  /// The hash above, the position plus one below; 0 is free.
  private var cells: [UInt64]
  private(set) var count = 0

  /// - Parameter capacity: How many positions to have room for.
  init(capacity: Int = 0) {
    cells = [UInt64](repeating: 0, count: Self.cells(for: capacity))
  }

  private static func cells(for count: Int) -> Int {
    var cells = 8
    while cells / 8 * 7 < count { cells *= 2 }
    return cells
  }

  /// Spreads 64 bits that are not random: the finalizer of SplitMix64.
  @inline(__always)
  static func mix(_ value: UInt64) -> UInt64 {
    var value = value &+ 0x9e37_79b9_7f4a_7c15
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }

  /// The first position with this hash that `isMatch` says is the one.
  @inline(__always)
  func first(_ hash: UInt64, where isMatch: (Int32) -> Bool) -> Int32? {
    let mask = cells.count - 1
    let tag = hash >> 32
    var cell = Int(truncatingIfNeeded: tag) & mask
    while true {
      let content = cells[cell]
      if content == 0 { return nil }
      if content >> 32 == tag {
        let position = Int32(truncatingIfNeeded: content) &- 1
        if isMatch(position) { return position }
      }
      cell = (cell + 1) & mask
    }
  }

  /// Adds a position. That it is not in the table yet is the caller's concern.
  mutating func insert(_ position: Int32, hash: UInt64) {
    if (count + 1) * 8 > cells.count * 7 { grow() }
    put((hash >> 32) << 32 | UInt64(UInt32(bitPattern: position &+ 1)))
    count += 1
  }

  /// Takes a position out that was added with this hash.
  mutating func remove(_ position: Int32, hash: UInt64) {
    let mask = cells.count - 1
    let wanted = (hash >> 32) << 32 | UInt64(UInt32(bitPattern: position &+ 1))
    var hole = Int(truncatingIfNeeded: hash >> 32) & mask
    while cells[hole] != wanted {
      if cells[hole] == 0 { return }
      hole = (hole + 1) & mask
    }
    count -= 1
    // What lies behind the hole moves up, unless that is before the place it belongs.
    var next = hole
    while true {
      next = (next + 1) & mask
      let content = cells[next]
      if content == 0 { break }
      let home = Int(truncatingIfNeeded: content >> 32) & mask
      if (next &- home) & mask >= (next &- hole) & mask {
        cells[hole] = content
        hole = next
      }
    }
    cells[hole] = 0
  }

  private mutating func grow() {
    let old = cells
    cells = [UInt64](repeating: 0, count: old.count * 2)
    // From behind a free cell on, so that equal hashes stay in the order in which they came.
    let start = old.firstIndex(of: 0) ?? 0
    for offset in 0..<old.count {
      let content = old[(start + offset) & (old.count - 1)]
      if content != 0 { put(content) }
    }
  }

  @inline(__always)
  private mutating func put(_ content: UInt64) {
    let mask = cells.count - 1
    var cell = Int(truncatingIfNeeded: content >> 32) & mask
    while cells[cell] != 0 { cell = (cell + 1) & mask }
    cells[cell] = content
  }
}

extension Array {
  /// Appends, and makes room for an eighth more when there is none: an array that doubles has a
  /// half that is never used, of what a host with 100,000 sockets makes large.
  mutating func appendThriftily(_ element: Element) {
    if count == capacity { reserveCapacity(count + count / 8 + 64) }
    append(element)
  }
}
