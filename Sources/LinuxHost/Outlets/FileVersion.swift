// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What changes when a file is written or replaced: cheap to compare, for files that are read again
/// only when they have changed.
package struct FileVersion: Hashable, Sendable {
  private var device: UInt
  private var inode: UInt
  private var size: Int
  private var seconds: Int
  private var nanoseconds: Int

  /// The file as it is now.
  ///
  /// - Throws: ``SystemCallError``; ``SystemCallError/isVanished`` when there is none.
  package init(path: String) throws(SystemCallError) {
    var info = stat()
    _ = try systemCall("stat", on: path) { stat(path, &info) }
    device = UInt(info.st_dev)
    inode = UInt(info.st_ino)
    size = Int(info.st_size)
    seconds = Int(info.st_ctim.tv_sec)
    nanoseconds = Int(info.st_ctim.tv_nsec)
  }
}
