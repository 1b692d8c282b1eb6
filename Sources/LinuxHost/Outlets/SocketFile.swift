// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A unix socket that listens, and the file that came of it.
package struct BoundUnixSocket: Sendable {
  package let fd: Int32
  package let file: SocketFile
}

/// The file of a unix socket that this process has bound.
package struct SocketFile: Sendable {
  private let path: String
  /// No other file has them as long as the socket is open: it holds its own.
  private let device: dev_t
  private let inode: ino_t

  /// The file that is at `path` now.
  ///
  /// - Throws: ``SystemCallError``; ``SystemCallError/isVanished`` when there is none.
  init(_ path: String) throws(SystemCallError) {
    self.path = path
    var info = stat()
    _ = try systemCall("lstat", on: path) { lstat(path, &info) }
    (device, inode) = (info.st_dev, info.st_ino)
  }

  /// Removes it, if it is still the one that was bound: whoever has put another one there, after
  /// ours was taken away, is the one who is asked now. To be called while the socket is open.
  package func remove() {
    var info = stat()
    guard lstat(path, &info) == 0, info.st_dev == device, info.st_ino == inode else { return }
    unlink(path)
  }
}
