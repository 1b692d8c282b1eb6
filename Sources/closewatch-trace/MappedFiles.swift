// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables
import LinuxHost
import Tracing

/// The files whose code a process runs, opened as it has them: in its own mount namespace, and also
/// those that were replaced on disk since.
final class MappedFiles {
  /// A file and its debug information.
  struct File {
    var code: MappedCode
    var descriptor: Int32
    /// -1: it has none besides.
    var debugDescriptor: Int32
  }

  private(set) var files: [File] = []

  /// - Parameter asInterpreter: Whether only files are wanted that can be an interpreter, and
  ///   nothing but their symbols.
  init(of pid: Int32, asInterpreter: Bool = false) {
    guard let maps = try? readFile("/proc/\(pid)/maps", limit: 4 << 20) else { return }
    let root = open("/proc/\(pid)/root", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { if root >= 0 { close(root) } }
    for code in MappedCode.all(in: String(decoding: maps, as: UTF8.self)) {
      if asInterpreter,
        !RuntimeReaders.mayInterpret(code.path, isFirst: files.isEmpty)
      {
        continue
      }
      let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
      var descriptor = open("/proc/\(pid)/map_files/\(code.link)", flags)
      if descriptor < 0, root >= 0 { descriptor = closewatch_open_within(root, code.path) }
      guard descriptor >= 0 else { continue }
      let debug = asInterpreter ? nil : BuildID.debugPath { Self.read(descriptor, $0, $1) }
      files.append(
        File(
          code: code, descriptor: descriptor,
          debugDescriptor: debug.map { closewatch_open_within(root, $0) } ?? -1))
    }
  }

  deinit {
    for file in files {
      close(file.descriptor)
      if file.debugDescriptor >= 0 { close(file.debugDescriptor) }
    }
  }

  /// All that are open.
  var descriptors: [Int32] {
    files.flatMap { [$0.descriptor, $0.debugDescriptor] }.filter { $0 >= 0 }
  }

  /// For readers of runtimes, which look for what they know.
  var codeFiles: [CodeFile] {
    files.map { file in
      var code = Self.codeFile(file, bias: 0)
      let (start, offset) = (file.code.start, file.code.offset)
      code.bias = RuntimeReaders.bias(of: code, start: start, offset: offset) ?? 0
      return code
    }
  }

  /// - Parameter bias: What addresses in memory are above the file's own.
  static func codeFile(_ file: File, bias: UInt64) -> CodeFile {
    var status = stat()
    let size = fstat(file.descriptor, &status) == 0 ? UInt64(status.st_size) : 0
    let descriptor = file.descriptor
    return CodeFile(path: file.code.path, size: size, bias: bias) { read(descriptor, $0, $1) }
  }

  private static func read(_ fd: Int32, _ offset: UInt64, _ count: Int) -> [UInt8]? {
    guard count >= 0, count <= 256 << 20, let place = off_t(exactly: offset) else { return nil }
    var bytes = [UInt8](repeating: 0, count: count)
    let got = bytes.withUnsafeMutableBytes { pread(fd, $0.baseAddress, count, place) }
    return got == count ? bytes : nil
  }
}
