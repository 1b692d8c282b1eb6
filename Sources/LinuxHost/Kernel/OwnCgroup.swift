// SPDX-License-Identifier: Apache-2.0

/// The cgroup of this process.
package enum OwnCgroup {
  private static let mount = "/sys/fs/cgroup"

  /// By the name of a controller, as `/proc/self/cgroup` has it; version 2 has none:
  /// `/system.slice/closewatch.service`, or `/` in a namespace of its own.
  private static func path(_ controller: String) -> String? {
    guard let bytes = try? readFile("/proc/self/cgroup", limit: 65536) else { return nil }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    return lines.lazy.map {
      $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
    }
    .first { $0.count == 3 && $0[1] == controller }.map { String($0[2]) }
  }

  /// Its processes. Where version 1 is there too, version 2 is mounted below it.
  static var processes: [Int32] {
    guard let path = path("") else { return [] }
    for folder in [mount, "\(mount)/unified"] {
      guard let bytes = try? readFile("\(folder)\(path)/cgroup.procs") else { continue }
      return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { Int32($0) }
    }
    return []
  }

  /// Bytes of memory beyond which the kernel slows us down or ends us: the least of what is set for
  /// it and those that it is in. nil: no bound.
  package static var memoryBound: Int? {
    if let path = path("memory") { return memoryBound(of: path, below: "\(mount)/memory") }
    return path("").flatMap { memoryBound(of: $0, below: mount) }
  }

  static func memoryBound(of path: String, below mount: String) -> Int? {
    var bounds: [Int] = []
    var folder = path == "/" ? "" : path
    while true {
      // The last one is of version 1.
      for file in ["memory.high", "memory.max", "memory.limit_in_bytes"] {
        // The word "max" is no number, and no bound.
        if let bytes = try? readFile("\(mount)\(folder)/\(file)", limit: 64),
          let bound = Int(String(decoding: bytes, as: UTF8.self).filter { $0 != "\n" })
        {
          bounds.append(bound)
        }
      }
      guard let slash = folder.lastIndex(of: "/") else { return bounds.min() }
      folder = String(folder[..<slash])
    }
  }
}
