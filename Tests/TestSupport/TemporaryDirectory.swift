// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A directory of this test alone, removed with all that is in it when the value goes.
package final class TemporaryDirectory: Sendable {
  package let path: String

  package init() {
    var template = Array("/tmp/closewatch-test-XXXXXX".utf8CString)
    path = mkdtemp(&template).map { String(cString: $0) } ?? "/nonexistent"
  }

  deinit { Self.removeTree(path) }

  private static func removeTree(_ path: String) {
    if let directory = opendir(path) {
      defer { closedir(directory) }
      while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name == "." || name == ".." { continue }
        // A link is removed, not followed.
        if entry.pointee.d_type == UInt8(DT_DIR) {
          removeTree("\(path)/\(name)")
        } else {
          unlink("\(path)/\(name)")
        }
      }
    }
    rmdir(path)
  }

  /// The bytes of a file below the directory; nil when it can't be read.
  package func read(_ name: String) -> [UInt8]? { readBytes("\(path)/\(name)") }

  /// Writes a file below the directory.
  package func write(_ name: String, _ bytes: [UInt8]) {
    guard let file = fopen("\(path)/\(name)", "w") else { return }
    defer { fclose(file) }
    fwrite(bytes, 1, bytes.count, file)
  }
}

/// The bytes of a file; nil when it can't be read.
package func readBytes(_ path: String) -> [UInt8]? {
  guard let file = fopen(path, "r") else { return nil }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 4096)
  while case let got = fread(&chunk, 1, chunk.count, file), got > 0 { bytes += chunk[..<got] }
  return bytes
}
