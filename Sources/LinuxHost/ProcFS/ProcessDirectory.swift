// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables

/// An open `/proc/PID`. It stays with its process: when that has ended, every look fails with
/// ESRCH, also when the pid has been given to another one meanwhile.
struct ProcessDirectory: ~Copyable {
  let pid: Int32
  /// `/proc/PID`, for messages.
  let path: String
  private let directory: Int32

  /// - Throws: ``SystemCallError/isVanished`` when there is no such process (or it is hidden).
  init(procRoot: String, pid: Int32) throws(SystemCallError) {
    let path = "\(procRoot)/\(pid)"
    self.pid = pid
    self.path = path
    directory = try systemCall("open", on: path) {
      open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
  }

  deinit { close(directory) }

  /// Opens a directory of it, such as `fd` or `task/17/fd`. The caller closes it.
  func openDirectory(_ name: String) throws(SystemCallError) -> Int32 {
    try systemCall("open", on: "\(path)/\(name)") {
      openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
  }

  /// Reads a file of it.
  ///
  /// - Parameter isOneRecord: The kernel writes the file in one piece (`single_open()`, as it does
  ///   `stat`, `status`, `limits`, `cgroup`, `fdinfo`), so that a short read is the last.
  func read(_ name: String, limit: Int = 65536, isOneRecord: Bool = true) throws(SystemCallError)
    -> [UInt8]
  {
    let subject = "\(path)/\(name)"
    let fd = try systemCall("open", on: subject) { openat(directory, name, O_RDONLY | O_CLOEXEC) }
    defer { close(fd) }
    // Most of these files fit into one read, and the next one says that it was all.
    var bytes = [UInt8](repeating: 0, count: min(limit, 4096))
    var filled = 0
    while filled < limit {
      if filled == bytes.count {
        bytes.append(contentsOf: repeatElement(0, count: min(bytes.count, limit - filled)))
      }
      let got = try systemCall("read", on: subject) {
        bytes.withUnsafeMutableBytes { buffer in
          Glibc.read(fd, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
        }
      }
      filled += got
      if got == 0 || (isOneRecord && filled < bytes.count) { break }
    }
    bytes.removeSubrange(filled...)
    return bytes
  }

  /// Holds on to what a link of it leads to, such as `exe`, without opening it: no file system is
  /// asked, and what is later done with the descriptor is done with that very file. The caller
  /// closes it.
  func pin(_ name: String) throws(SystemCallError) -> Int32 {
    try systemCall("open", on: "\(path)/\(name)") {
      openat(directory, name, closewatch_path_only | O_CLOEXEC)
    }
  }

  /// Reads a link of it, such as `exe` or `fd/7`.
  func readLink(_ name: String) throws(SystemCallError) -> [UInt8] {
    try withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) {
      buffer throws(SystemCallError) in
      let count = try systemCall("readlink", on: "\(path)/\(name)") {
        buffer.baseAddress.map { readlinkat(directory, name, $0, buffer.count) } ?? 0
      }
      return buffer[..<count].map { UInt8(bitPattern: $0) }
    }
  }

  /// What it knows of a name in it. Never of a link's target: that may be a file of a server that
  /// has stopped answering.
  func status(_ name: String) throws(SystemCallError) -> Glibc.stat {
    var status = Glibc.stat()
    _ = try systemCall("stat", on: "\(path)/\(name)") {
      fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW)
    }
    return status
  }

  /// The effective user id: that of the directory itself, which the kernel keeps so for every
  /// process, dumpable or not (`task_dump_owner()` in fs/proc/base.c).
  func owner() throws(SystemCallError) -> UInt32 {
    var status = Glibc.stat()
    _ = try systemCall("fstat", on: path) { fstat(directory, &status) }
    return status.st_uid
  }

  /// Whether it still leads to a process.
  var isAlive: Bool {
    var status = Glibc.stat()
    return fstatat(directory, "task", &status, AT_SYMLINK_NOFOLLOW) == 0
  }

  /// Who it is; nil when it has ended. What cannot be read or decoded is tallied.
  func identify(_ gaps: inout GapTally) -> ProcStat? {
    do throws(SystemCallError) {
      let bytes = try read("stat")
      do throws(DecodeError) {
        return try ProcStat(bytes)
      } catch {
        gaps.note(.fileUnreadable, "\(path)/stat: \(error)")
      }
    } catch {
      if !error.isVanished { gaps.note(.fileUnreadable, error.description) }
    }
    return nil
  }
}
