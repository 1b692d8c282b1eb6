// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The files of a journal, and which of them this user may read. libsystemd leaves out the others
/// without a word.
package struct JournalFiles: Hashable, Sendable {
  /// Paths that can be read.
  package private(set) var readable: [String] = []
  /// Files and directories that cannot.
  package private(set) var refused: [String] = []

  /// Where journald keeps its files until, and after, the disk is there: systemd-journald(8).
  package static let localDirectories = ["/run/log/journal", "/var/log/journal"]

  /// A directory of a machine for each name; nobody collects more.
  private static let bound = 100_000

  /// Looks for them.
  package init(_ place: JournalPlace) {
    switch place {
    case .local: Self.localDirectories.forEach { addDirectory($0, depth: 1) }
    case .directory(let path): addDirectory(path, depth: 1)
    case .file(let path): add(path)
    }
    readable.sort()
    refused.sort()
  }

  /// Whether there is a file at all.
  package var isEmpty: Bool { readable.isEmpty && refused.isEmpty }

  private mutating func add(_ path: String) {
    if access(path, R_OK) == 0 {
      readable.append(path)
    } else if errno != ENOENT {
      refused.append(path)
    }
  }

  private mutating func addDirectory(_ path: String, depth: Int) {
    guard let directory = opendir(path) else {
      if errno == EACCES || errno == EPERM { refused.append(path) }
      return
    }
    defer { closedir(directory) }
    while let entry = readdir(directory), readable.count + refused.count < Self.bound {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasPrefix(".") { continue }
      if name.hasSuffix(".journal") || name.hasSuffix(".journal~") {
        add("\(path)/\(name)")
      } else if depth > 0, entry.pointee.d_type != UInt8(DT_REG) {
        addDirectory("\(path)/\(name)", depth: depth - 1)
      }
    }
  }
}
