// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables

/// A system call that failed: what was attempted, on what, and the kernel's reason by name.
package struct SystemCallError: Error, Hashable, Sendable {
  package var call: String
  package var subject: String
  package var errno: Int32

  package init(_ call: String, on subject: String, errno: Int32) {
    self.call = call
    self.subject = subject
    self.errno = errno
  }

  /// The thing was there and is gone: a process that ended, a descriptor that was closed. Normal.
  package var isVanished: Bool { errno == ENOENT || errno == ESRCH || errno == ENOTDIR }
  package var isDenied: Bool { errno == EACCES || errno == EPERM }
  package var isUnsupported: Bool { errno == ENOTSUP }

  /// The errno in words and by name: `Permission denied (EACCES)`.
  package var reason: String {
    let words = strerror(errno).map { String(cString: $0) } ?? "unknown error"
    return "\(words) (\(ErrnoName.of(errno)))"
  }
}

extension SystemCallError: CustomStringConvertible {
  /// `readlink /proc/812/fd/7: Permission denied (EACCES)`.
  package var description: String { "\(call) \(subject): \(reason)" }
}

/// Repeats a call that a signal interrupted, and turns -1 into an error.
package func systemCall<Result: FixedWidthInteger & SignedInteger>(
  _ call: String, on subject: @autoclosure () -> String, _ body: () -> Result
) throws(SystemCallError) -> Result {
  while true {
    let result = body()
    if result >= 0 { return result }
    let code = errno
    if code == EINTR { continue }
    throw SystemCallError(call, on: subject(), errno: code)
  }
}

/// Reads a file of `/proc` or `/sys` to its end, or to `limit` bytes.
///
/// - Throws: ``SystemCallError``; ``SystemCallError/isVanished`` when the process has ended.
package func readFile(
  _ path: String, limit: Int = 1 << 20
) throws(SystemCallError) -> [UInt8] {
  let fd = try systemCall("open", on: path) { open(path, O_RDONLY | O_CLOEXEC) }
  defer { close(fd) }
  return try readFile(fd, named: path, limit: limit)
}

/// Reads an open file to its end, or to `limit` bytes.
func readFile(
  _ fd: Int32, named path: String, limit: Int
) throws(SystemCallError) -> [UInt8] {
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: min(limit, 16384))
  while bytes.count < limit {
    let wanted = min(chunk.count, limit - bytes.count)
    let got = try systemCall("read", on: path) {
      chunk.withUnsafeMutableBytes { buffer in
        read(fd, buffer.baseAddress, wanted)
      }
    }
    if got == 0 { break }
    bytes.append(contentsOf: chunk[..<got])
  }
  return bytes
}
