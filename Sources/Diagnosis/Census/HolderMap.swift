// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Who holds which socket, as last found. Keyed by inode: sockfs has one number space for all
/// namespaces.
package struct HolderMap: Sendable {
  /// One reference to a socket.
  package struct Reference: Hashable, Sendable {
    /// An index into ``ProcessTable``.
    package var process: Int32
    package var fd: Int32
    package var table: SocketHolder.Table
  }

  private struct Entry {
    var first: Reference?
    var checkedAt: BootInstant
    /// Whether every process was looked at.
    var isComplete: Bool
  }

  private var entries: [UInt64: Entry] = [:]
  private var more: [UInt64: [Reference]] = [:]

  /// All holders found, the oldest process first.
  package func holders(of inode: UInt64) -> [Reference] {
    guard inode != 0, let first = entries[inode]?.first else { return [] }
    return [first] + (more[inode] ?? [])
  }

  package func first(of inode: UInt64) -> Reference? { entries[inode]?.first }

  /// Whether this socket was looked for, and in every process if `everywhere`.
  package func wasSearched(_ inode: UInt64, everywhere: Bool, since: BootInstant) -> Bool {
    guard let entry = entries[inode], entry.checkedAt >= since else { return false }
    return entry.isComplete || (!everywhere && entry.first != nil)
  }

  mutating func record(
    _ references: [Reference], of inode: UInt64, at instant: BootInstant, isComplete: Bool
  ) {
    entries[inode] = Entry(first: references.first, checkedAt: instant, isComplete: isComplete)
    more[inode] = references.count > 1 ? Array(references.dropFirst()) : nil
  }

  mutating func forget(_ inode: UInt64) {
    entries[inode] = nil
    more[inode] = nil
  }

  var processes: Set<Int32> {
    var found = Set(entries.values.compactMap { $0.first?.process })
    for references in more.values { found.formUnion(references.map(\.process)) }
    return found
  }
}
