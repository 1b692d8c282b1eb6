// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// A cgroup with a bound of memory, of either version, for as long as this value lives.
final class MemoryCgroup {
  let path: String
  private let isUnified: Bool

  /// - Returns: nil where there is no memory controller, or no right to make a group.
  init?(bytes: Int) {
    guard let root = Self.root else { return nil }
    isUnified = root.isUnified
    path = "\(root.path)/closewatch-test-\(getpid())-\(bytes)"
    if isUnified { Self.write("+memory", to: "\(root.path)/cgroup.subtree_control") }
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else { return nil }
    let file = isUnified ? "memory.max" : "memory.limit_in_bytes"
    guard Self.write("\(bytes)", to: "\(path)/\(file)") else { return nil }
  }

  deinit { rmdir(path) }

  /// How many processes of it the kernel has killed for want of memory.
  var killed: Int? {
    let file = isUnified ? "memory.events" : "memory.oom_control"
    guard let bytes = readBytes("\(path)/\(file)") else { return nil }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix("oom_kill ") }?.split(separator: " ").last.flatMap { Int($0) }
  }

  private static var root: (path: String, isUnified: Bool)? {
    guard let bytes = readBytes("/proc/mounts") else { return nil }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count > 3 else { continue }
      if words[2] == "cgroup", words[3].split(separator: ",").contains("memory") {
        return (String(words[1]), false)
      }
      let controllers = readBytes("\(words[1])/cgroup.controllers") ?? []
      if words[2] == "cgroup2",
        String(decoding: controllers, as: UTF8.self).contains("memory")
      {
        return (String(words[1]), true)
      }
    }
    return nil
  }

  @discardableResult
  private static func write(_ text: String, to path: String) -> Bool {
    let fd = open(path, O_WRONLY | O_CLOEXEC)
    guard fd >= 0 else { return false }
    defer { close(fd) }
    return Glibc.write(fd, text, text.utf8.count) == text.utf8.count
  }
}

extension Requirement {
  /// A cgroup with a memory controller can be made.
  static let memoryCgroups = Requirement(
    "memory cgroups",
    missing: MemoryCgroup(bytes: 16 << 20) == nil
      ? "no memory controller, or no right to make a group; run as root" : nil)
}
