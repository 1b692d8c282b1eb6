// SPDX-License-Identifier: Apache-2.0

/// Settings of the kernel, read by the name that sysctl(8) takes.
package enum SysctlFile {
  /// The value of `net.ipv4.tcp_fin_timeout` and the like, as the kernel writes it, with single
  /// blanks between several numbers. That of the caller's network namespace.
  ///
  /// - Throws: ``SystemCallError``; `ENOENT` for a setting that this kernel, or this namespace,
  ///   does not have.
  package static func read(
    _ name: String, procRoot: String = "/proc"
  ) throws(SystemCallError) -> String {
    let path = procRoot + "/sys/" + String(name.map { $0 == "." ? "/" : $0 })
    let bytes = try readFile(path, limit: 4096)
    let words = bytes.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0a }
    return words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
  }
}
