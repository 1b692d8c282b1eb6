// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file that is written whole or not at all: into one beside it, which takes its name at the end.
/// What is no regular file is written as it is, and so is a descriptor that has a name in /proc, as
/// /dev/stdout: the file that it is open on may be another's, who has its own place in it.
package final class WholeFile {
  package let path: String
  private var fd: Int32
  /// Where the path leads to.
  private let target: String
  /// Where it is written until it is whole; nil: in place.
  private let draft: String?

  /// Opens it, so that a path that cannot be written shows before there is anything to write.
  ///
  /// - Throws: ``SystemCallError``.
  package init(_ path: String) throws(SystemCallError) {
    self.path = path
    guard let target = try Self.replaceable(path) else {
      (self.target, draft) = (path, nil)
      fd = try systemCall("open", on: path) {
        open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY)
      }
      return
    }
    // One that may not be written is not to be replaced either.
    if access(target, F_OK) == 0 {
      _ = try systemCall("write", on: path) { access(target, W_OK) }
    }
    var name = Array("\(target).XXXXXX".utf8CString)
    fd = try systemCall("create a file beside", on: target) { mkstemp(&name) }
    self.target = target
    draft = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    _ = fcntl(fd, F_SETFD, FD_CLOEXEC)
    let mask = umask(0)
    umask(mask)
    fchmod(fd, 0o666 & ~mask)
  }

  /// The file that a path leads to through its links, be it there or not; nil when another must not
  /// take its name.
  private static func replaceable(_ path: String) throws(SystemCallError) -> String? {
    var target = path
    var status = stat()
    var process = stat()
    let hasProc = lstat("/proc/self", &process) == 0
    for _ in 0..<linksMost {
      guard lstat(target, &status) == 0 else { return target }
      guard status.st_mode & S_IFMT == S_IFLNK else {
        return status.st_mode & S_IFMT == S_IFREG ? target : nil
      }
      if hasProc, status.st_dev == process.st_dev { return nil }
      let end = target.utf8.lastIndex(of: UInt8(ascii: "/"))
      let folder = end.map { String(target[...$0]) } ?? "./"
      var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
      let count = try systemCall("readlink", on: target) {
        readlink(target, &bytes, Int(PATH_MAX))
      }
      let next = String(decoding: bytes[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
      target = next.hasPrefix("/") ? next : folder + next
    }
    throw SystemCallError("follow", on: path, errno: ELOOP)
  }

  /// As many as the kernel follows: path_resolution(7).
  private static let linksMost = 40

  /// Writes it. Nothing of it stays when that fails.
  package func write(_ bytes: [UInt8]) throws(SystemCallError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = try systemCall("write", on: path) {
        rest.withUnsafeBytes { Glibc.write(fd, $0.baseAddress, $0.count) }
      }
      rest = rest.dropFirst(count)
    }
    let closed = fd
    fd = -1
    _ = try systemCall("close", on: path) { close(closed) }
    if let draft { _ = try systemCall("rename", on: path) { rename(draft, target) } }
  }

  deinit {
    if fd >= 0 { close(fd) }
    // Gone by now, if it was written.
    if let draft { unlink(draft) }
  }
}
