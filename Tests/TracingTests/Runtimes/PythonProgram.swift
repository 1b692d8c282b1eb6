// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Tracing

/// The memory of a program that a test has started.
final class LiveMemory: ProgramMemory, ProcessMemory {
  private let file: Int32

  init(of pid: pid_t) { file = open("/proc/\(pid)/mem", O_RDONLY | O_CLOEXEC) }

  deinit { close(file) }

  func bytes(at address: UInt64, count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    guard let offset = off_t(exactly: address) else { return nil }
    return pread(file, &bytes, count, offset) == count ? bytes : nil
  }
}

/// The CPythons of this machine that can be read.
enum PythonProgram {
  /// Their paths: Debian's, and those of pyenv.
  static let known: [String] = {
    let home = getenv("HOME").map { String(cString: $0) } ?? "/root"
    let root = getenv("PYENV_ROOT").map { String(cString: $0) } ?? "\(home)/.pyenv"
    let pattern = "{/usr,/usr/local,\(root)/versions/*}/bin/python3.{11,12,13}"
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(pattern, GLOB_BRACE, nil, &found) == 0 else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { index in
      found.gl_pathv[index].map { String(cString: $0) }
    }
  }()

  /// Starts `frames.py` and waits until it has told what its threads are doing.
  static func start(_ interpreter: String) throws -> (ChildProgram, told: [UInt64: [String]]) {
    let sources = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let child = try ChildProgram(interpreter, ["-E", "/\(sources)/Programs/frames.py"])
    var told: [UInt64: [String]] = [:]
    while let line = try child.readLine(), !line.isEmpty {
      let words = line.split(separator: "\t").map(String.init)
      if let thread = words.first.flatMap({ UInt64($0) }) {
        told[thread] = Array(words.dropFirst())
      }
    }
    return (child, told)
  }

  /// The file with the interpreter: a library where there is one.
  static func file(in pid: pid_t) -> String? {
    let paths = mapped(in: pid).map(\.path)
    return paths.first { $0.contains("/libpython") } ?? paths.first
  }

  /// The interpreter of a process.
  static func find(in pid: pid_t, memory: LiveMemory) throws -> PythonProcess? {
    guard let path = file(in: pid), let bytes = readBytes(path), let bias = bias(of: path, in: pid)
    else { return nil }
    let file = try ELFFile(StoredMemory(bytes))
    return try PythonProcess.find(in: file, memory: memory, bias: bias)
  }

  /// How far a process has a file from where the linker put it.
  static func bias(of path: String, in pid: pid_t) -> UInt64? {
    guard let start = mapped(in: pid).first(where: { $0.path == path })?.start,
      let file = readBytes(path).flatMap({ try? ELFFile(StoredMemory($0)) })
    else { return nil }
    return start &- (file.segments.map(\.address).min() ?? 0) / 4096 * 4096
  }

  private static func mapped(in pid: pid_t) -> [(path: String, start: UInt64)] {
    let maps = String(decoding: readBytes("/proc/\(pid)/maps") ?? [], as: UTF8.self)
    return maps.split(separator: "\n").compactMap { line in
      guard line.contains("python"), let slash = line.firstIndex(of: "/"),
        let start = line.split(separator: "-").first.flatMap({ UInt64($0, radix: 16) })
      else { return nil }
      return (String(line[slash...]), start)
    }
  }
}
