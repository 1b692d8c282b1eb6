// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file that is written whole or not at all: into one beside it, which takes its name at the end.
/// What is no regular file, as /dev/stdout, is written as it is.
package final class WholeFile {
  package let path: String
  private var fd: Int32
  /// Where it is written until it is whole; nil: in place.
  private let draft: String?

  /// Opens it, so that a path that cannot be written shows before there is anything to write.
  ///
  /// - Throws: ``SystemCallError``.
  package init(_ path: String) throws(SystemCallError) {
    self.path = path
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      draft = nil
      fd = try systemCall("open", on: path) { open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY) }
      return
    }
    // One that may not be written is not to be replaced either.
    if access(path, F_OK) == 0 {
      _ = try systemCall("write", on: path) { access(path, W_OK) }
    }
    let draft = "\(path).\(getpid()).part"
    self.draft = draft
    fd = try systemCall("create", on: draft) {
      open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    }
  }

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
    if let draft { _ = try systemCall("rename", on: path) { rename(draft, path) } }
  }

  deinit {
    if fd >= 0 { close(fd) }
    // Gone by now, if it was written.
    if let draft { unlink(draft) }
  }
}
