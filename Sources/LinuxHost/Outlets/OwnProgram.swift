// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The file that this process runs.
package enum OwnProgram {
  /// Its path; empty without procfs.
  package static var path: String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    return String(
      decoding: buffer.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// What loads programs into the kernel is called so.
  package static let tracer = "closewatch-trace"

  /// The path of another program in the same folder.
  package static func neighbour(_ name: String) -> String {
    (path.split(separator: "/").dropLast() + [name[...]]).reduce("") { $0 + "/" + $1 }
  }
}
