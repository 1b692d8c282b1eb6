// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables

/// Reads descriptor tables, `/proc/PID/fd`, with two system calls and no allocation for each
/// descriptor that is not looked for.
struct DescriptorScan: ~Copyable {
  /// A descriptor that leads to a socket.
  struct Reference: Hashable {
    var inode: UInt64
    var fd: Int32
  }

  /// How far one table could be read.
  enum Outcome {
    case complete, vanished, boundReached
    /// The table or its links may not be read.
    case unreadable(SystemCallError)
  }

  /// What one table held.
  struct Table {
    var outcome = Outcome.complete
    /// Descriptors seen.
    var count = 0
    /// On wanted sockets.
    var hits: [Reference] = []
    /// On sockets that are in no row: of other families, new, or dead.
    var strangers: [Reference] = []
    /// Of those, how many there was no room for.
    var strangersLeftOut = 0
    /// On an io_uring.
    var rings: [Int32] = []
  }

  var inodes: InodeTable
  var budget: ScanBudget
  /// How many ``Table/strangers`` are of interest.
  var strangersMost = 0
  private let entries: UnsafeMutableRawBufferPointer

  init(inodes: consuming InodeTable, budget: ScanBudget) {
    self.inodes = inodes
    self.budget = budget
    entries = .allocate(byteCount: 65536, alignment: 8)
  }

  deinit { entries.deallocate() }

  /// The numbers that name entries of a directory, such as the pids in `/proc`.
  mutating func numbers(in directory: Int32, _ subject: String) throws(SystemCallError) -> [Int32] {
    var numbers: [Int32] = []
    try forEachNumber(in: directory, subject) { number, _ in
      numbers.append(number)
      return true
    }
    return numbers
  }

  /// Reads the table that `directory`, an open `/proc/PID/fd`, lists.
  mutating func scan(_ directory: Int32, of path: String) -> Table {
    var table = Table()
    let strangersMost = strangersMost
    do throws(SystemCallError) {
      try withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) {
        link throws(SystemCallError) in
        guard let buffer = link.baseAddress else { return }
        // A copy that shares storage: nothing is written to it while the scan runs.
        let inodes = inodes
        var budget = budget
        defer { self.budget = budget }
        try forEachNumber(in: directory, path) { fd, name in
          guard budget.take() else {
            table.outcome = .boundReached
            return false
          }
          table.count += 1
          let length = readlinkat(directory, name, buffer, link.count)
          if length < 0 {
            let error = errno
            // Closed since the directory was read: normal.
            if error != EACCES, error != EPERM { return true }
            table.outcome = .unreadable(
              SystemCallError("readlink", on: "\(path)/\(fd)", errno: error))
            return false
          }
          let target = UnsafeRawBufferPointer(start: buffer, count: length)
          switch target.first {
          case UInt8(ascii: "s"):
            let inode = SocketLink.inode(target.bytes)
            if inode == 0 { return true }
            switch inodes.entry(inode) {
            case .wanted: table.hits.append(Reference(inode: inode, fd: fd))
            case .known: break
            case .absent:
              if table.strangers.count < strangersMost {
                table.strangers.append(Reference(inode: inode, fd: fd))
              } else {
                table.strangersLeftOut += 1
              }
            }
          case UInt8(ascii: "a") where Self.isRing(target):
            table.rings.append(fd)
          default: break
          }
          return true
        }
      }
    } catch {
      table.outcome = error.isVanished ? .vanished : .unreadable(error)
    }
    return table
  }

  private static func isRing(_ target: UnsafeRawBufferPointer) -> Bool {
    target.elementsEqual("anon_inode:[io_uring]".utf8)
  }

  /// Calls `body` with each entry whose name is a number, until it returns false.
  private func forEachNumber(
    in directory: Int32, _ subject: String,
    _ body: (Int32, UnsafePointer<CChar>) -> Bool
  ) throws(SystemCallError) {
    while true {
      let filled = try systemCall("getdents64", on: subject) {
        closewatch_getdents64(directory, entries.baseAddress, UInt(entries.count))
      }
      if filled == 0 { return }
      var offset = 0
      // struct linux_dirent64: d_ino, d_off, d_reclen at 16, d_type, d_name at 19.
      while offset + 19 < filled {
        let length = Int(entries.loadUnaligned(fromByteOffset: offset + 16, as: UInt16.self))
        if length < 20 || offset + length > filled { return }
        var number: Int32 = 0
        var at = offset + 19
        while entries[at] &- 0x30 <= 9, at - offset < 29 {
          number = number &* 10 &+ Int32(entries[at] &- 0x30)
          at += 1
        }
        let isNumber = at > offset + 19 && entries[at] == 0
        if isNumber, let name = entries.baseAddress {
          let isWanted = body(
            number, (name + offset + 19).assumingMemoryBound(to: CChar.self))
          if !isWanted { return }
        }
        offset += length
      }
    }
  }
}
