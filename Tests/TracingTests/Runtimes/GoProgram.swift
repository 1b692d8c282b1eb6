// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Tracing

/// A Go program of `Tests/TracingTests/Programs`, there as long as this is.
final class GoProgram {
  let path: String
  let file: ELFFile<StoredMemory>
  private let folder = TemporaryDirectory()

  /// What the linker leaves in it.
  enum Symbols: String, CaseIterable {
    case stripped = "-s -w"
    case all = ""
  }

  init(_ source: String, mode: String = "exe", symbols: Symbols = .stripped) throws {
    path = "\(folder.path)/program"
    let sources = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let built = try ChildProgram.run(
      "go",
      [
        "build", "-buildmode=\(mode)", "-ldflags=\(symbols.rawValue)", "-o", path,
        "/\(sources)/Programs/\(source)",
      ])
    guard built.status == 0, let bytes = readBytes(path) else {
      throw ChildProgram.Failure("go build \(source): \(built.lines.joined(separator: "; "))")
    }
    file = try ELFFile(StoredMemory(bytes)).asLoaded()
  }

  /// How far a process has its program from where the linker put it.
  func bias(of pid: pid_t) throws -> UInt64 {
    let maps = String(decoding: readBytes("/proc/\(pid)/maps") ?? [], as: UTF8.self)
    let first = maps.split(separator: "\n").first { $0.hasSuffix(path) }
    guard let start = first?.split(separator: "-").first.flatMap({ UInt64($0, radix: 16) }),
      let linked = file.segments.map(\.address).min()
    else { throw ChildProgram.Failure("\(path) is not among the files of process \(pid)") }
    return start - linked / 4096 * 4096
  }
}
