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

  /// What was found of one socket: 40 bytes.
  struct Entry: Sendable {
    fileprivate var inode: UInt64
    fileprivate var checkedAt: BootInstant
    fileprivate(set) var first: Reference?
    /// Whether every process was looked at.
    fileprivate var isComplete: Bool

    /// Whether this socket was looked for, and in every process if `everywhere`.
    func wasSearched(everywhere: Bool, since: BootInstant) -> Bool {
      checkedAt >= since && (isComplete || (!everywhere && first != nil))
    }
  }

  private var entries: [Entry] = []
  private var free: [Int32] = []
  private var index = SlotTable()
  /// All but the first of those that several hold.
  private var more: [UInt64: [Reference]] = [:]

  /// How many sockets were looked for and are still there.
  package var count: Int { index.count }

  @inline(__always)
  private func position(of inode: UInt64) -> Int? {
    let found = index.first(SlotTable.mix(inode)) { entries[Int($0)].inode == inode }
    return found.map { Int($0) }
  }

  /// All holders found, the oldest process first.
  package func holders(of inode: UInt64) -> [Reference] {
    guard let first = first(of: inode) else { return [] }
    return more.isEmpty ? [first] : [first] + (more[inode] ?? [])
  }

  /// Whether a process is one of them; nil: none was found. Without a list, as it is asked for each
  /// socket of a look.
  func isHolder(_ process: Int32, of inode: UInt64) -> Bool? {
    guard let first = first(of: inode) else { return nil }
    if first.process == process { return true }
    return !more.isEmpty && (more[inode] ?? []).contains { $0.process == process }
  }

  package func first(of inode: UInt64) -> Reference? { entry(of: inode)?.first }

  /// What was found of a socket; nil: it was not looked for.
  @inline(__always)
  func entry(of inode: UInt64) -> Entry? {
    guard inode != 0, let position = position(of: inode) else { return nil }
    return entries[position]
  }

  /// Whether this socket was looked for, and in every process if `everywhere`.
  package func wasSearched(_ inode: UInt64, everywhere: Bool, since: BootInstant) -> Bool {
    entry(of: inode)?.wasSearched(everywhere: everywhere, since: since) ?? false
  }

  mutating func record(
    _ references: [Reference], of inode: UInt64, at instant: BootInstant, isComplete: Bool
  ) {
    let entry = Entry(
      inode: inode, checkedAt: instant, first: references.first, isComplete: isComplete)
    if let position = position(of: inode) {
      entries[position] = entry
    } else if let position = free.popLast() {
      entries[Int(position)] = entry
      index.insert(position, hash: SlotTable.mix(inode))
    } else {
      index.insert(Int32(entries.count), hash: SlotTable.mix(inode))
      entries.appendThriftily(entry)
    }
    if references.count > 1 {
      more[inode] = Array(references.dropFirst())
    } else if !more.isEmpty {
      more[inode] = nil
    }
  }

  mutating func forget(_ inode: UInt64) {
    guard let position = position(of: inode) else { return }
    index.remove(Int32(position), hash: SlotTable.mix(inode))
    entries[position].first = nil
    entries[position].inode = 0
    free.append(Int32(position))
    if !more.isEmpty { more[inode] = nil }
  }

  var processes: Set<Int32> {
    var found: Set<Int32> = []
    var last: Int32 = -1
    for entry in entries {
      guard let process = entry.first?.process, process != last else { continue }
      found.insert(process)
      last = process
    }
    for references in more.values { found.formUnion(references.map(\.process)) }
    return found
  }
}
