// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The processes that a process has started, by what `/proc` says.
package enum ChildProcesses {
  /// Those that have this name and have not ended.
  package static func of(_ parent: Int32, named name: String) -> [Int32] {
    guard let directory = opendir("/proc") else { return [] }
    defer { closedir(directory) }
    var found: [Int32] = []
    while let entry = readdir(directory) {
      let text = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard let pid = Int32(text), let bytes = readBytes("/proc/\(pid)/stat") else { continue }
      // PID (NAME) STATE PARENT
      let stat = String(decoding: bytes, as: UTF8.self)
      guard let start = stat.firstIndex(of: "("), let end = stat.lastIndex(of: ")") else {
        continue
      }
      let rest = stat[end...].split(separator: " ")
      guard stat[start...end] == "(\(name))", rest.count > 2, rest[1] != "Z",
        rest[2] == "\(parent)"
      else { continue }
      found.append(pid)
    }
    return found
  }

  /// What the descriptors of a process lead to.
  package static func descriptors(of pid: Int32) -> [String] {
    guard let directory = opendir("/proc/\(pid)/fd") else { return [] }
    defer { closedir(directory) }
    var found: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      var text = [CChar](repeating: 0, count: 4096)
      let length = readlink("/proc/\(pid)/fd/\(name)", &text, text.count)
      guard length > 0 else { continue }
      found.append(
        String(decoding: text.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self))
    }
    return found
  }

  /// Those that look for a program, also those that cannot be ended.
  package static func eyes(of program: Int32) -> [Int32] {
    let starters = [program] + of(program, named: "closewatch-keep")
    return starters.flatMap { of($0, named: "closewatch-eye") }
  }
}
