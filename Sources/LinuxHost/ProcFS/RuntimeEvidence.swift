// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables

/// Tells which language runtime a program is, by its file: name first, then what the compiler
/// left in it. Remembered for each file.
struct RuntimeEvidence: Sendable {
  private struct File: Hashable {
    var device: UInt64
    var inode: UInt64
  }
  private var known: [File: ProcessRuntime] = [:]

  private static let names: [String: ProcessRuntime] = [
    "java": .jvm, "jsvc": .jvm, "node": .node, "nodejs": .node, "ruby": .ruby,
    "php-cgi": .php, "dotnet": .dotnet, "nginx": .nginx, "haproxy": .haproxy,
    "envoy": .envoy, "beam.smp": .erlang, "beam": .erlang,
  ]
  /// Programs whose name carries a version: `python3.11`, `php-fpm8.2`.
  private static let versionedNames: [(String, ProcessRuntime)] = [
    ("python", .python), ("pypy", .python), ("ruby", .ruby), ("php-fpm", .php), ("php", .php),
    ("node", .node),
  ]

  /// What the name of an executable says; nil when it says nothing.
  static func runtime(named path: String) -> ProcessRuntime? {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    if let runtime = names[name] { return runtime }
    return versionedNames.first { prefix, _ in
      name.hasPrefix(prefix)
        && name.dropFirst(prefix.count).allSatisfy { $0.isNumber || $0 == "." || $0 == "-" }
    }?.1
  }

  /// - Returns: ``ProcessRuntime/native`` when the file was read and shows no runtime;
  ///   ``ProcessRuntime/unknown`` when it could not be read.
  mutating func runtime(
    of process: borrowing ProcessDirectory, executable: String
  ) -> ProcessRuntime {
    if let runtime = Self.runtime(named: executable) { return runtime }
    guard let status = try? process.status("exe") else { return .unknown }
    let file = File(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    if let runtime = known[file] { return runtime }
    guard let bytes = ElfSections(file: "\(process.path)/exe") else { return .unknown }
    let runtime = Self.runtime(bytes)
    if known.count >= 4096 { known.removeAll() }
    known[file] = runtime
    return runtime
  }

  private static func runtime(_ sections: ElfSections) -> ProcessRuntime {
    if sections.names.contains(".go.buildinfo") || sections.names.contains(".note.go.buildid") {
      return .go
    }
    if sections.names.contains(where: { $0.hasPrefix("swift5_") }) { return .swift }
    // rustc names itself beside the linker in `.comment`.
    if sections.comment.contains("rustc version") { return .rust }
    return .native
  }
}
