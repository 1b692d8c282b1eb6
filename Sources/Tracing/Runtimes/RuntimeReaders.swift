// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Who names what libdw does not.
public enum RuntimeReaders {
  /// Who names calls of this file's code; nil when its own symbols have to do.
  public static func namer(for file: CodeFile) -> (any FrameNamer)? {
    guard let parts = try? ELFFile(CodeFileMemory(file)), parts.goFunctionTable != nil,
      case let loaded = parts.asLoaded(),
      let table = try? GoFunctionTable.find(in: loaded, memory: loaded)
    else { return nil }
    return GoNamer(table: table, path: file.path)
  }

  /// What an address in memory is above the one that a file says, from one piece of the file.
  ///
  /// - Parameters:
  ///   - start: The first address of the piece.
  ///   - offset: Where in the file it begins.
  /// - Returns: nil when the file says nothing of such a piece.
  public static func bias(of file: CodeFile, start: UInt64, offset: UInt64) -> UInt64? {
    let parts = try? ELFFile(CodeFileMemory(file))
    // Pieces are mapped in whole pages.
    let segment = parts?.segments.first { segment in
      segment.offset & ~4095 <= offset && offset < segment.offset &+ segment.size
    }
    return segment.map { start &- offset &+ $0.offset &- $0.address }
  }

  /// Who reads the calls of an interpreter that this process is; nil when it is none.
  public static func interpreter(
    of files: [CodeFile], in memory: any ProcessMemory
  ) -> (any InterpreterReader)? {
    let python = try? python(of: files, in: memory)
    return python.map { PythonReader(python: $0) }
  }

  /// Why the calls of its interpreter are not read; nil where they are, or it has none.
  public static func lack(of files: [CodeFile], in memory: any ProcessMemory) -> String? {
    do throws(DecodeError) {
      _ = try python(of: files, in: memory)
      return nil
    } catch {
      return "\(error); CPython 3.11, 3.12 and 3.13 are known"
    }
  }

  /// Whether this file of a process can be its interpreter. Whatever embeds one runs its library,
  /// or has it in the program: the first file.
  public static func mayInterpret(_ path: String, isFirst: Bool) -> Bool {
    isFirst || path.contains("python")
  }

  private static func python(
    of files: [CodeFile], in memory: any ProcessMemory
  ) throws(DecodeError) -> PythonProcess? {
    for file in files {
      guard mayInterpret(file.path, isFirst: file.path == files.first?.path),
        let parts = try? ELFFile(CodeFileMemory(file)),
        let python = try PythonProcess.find(
          in: parts, memory: OpenedMemory(memory), bias: file.bias)
      else { continue }
      return python
    }
    return nil
  }
}

/// Names the code of a Go program.
struct GoNamer<Memory: ProgramMemory>: FrameNamer {
  let table: GoFunctionTable<Memory>
  let path: String

  func frames(at address: UInt64) -> [StackFrame] {
    table.frames(at: address).map { frame in
      var frame = frame
      frame.isOwn = OwnCode.isOwn(function: frame.function, source: frame.file, path: path)
      return frame
    }
  }
}

/// The bytes of a file that somebody else has opened.
struct CodeFileMemory: ProgramMemory {
  private let file: CodeFile

  init(_ file: CodeFile) { self.file = file }

  func bytes(at address: UInt64, count: Int) -> [UInt8]? {
    guard count >= 0, address <= file.size, UInt64(count) <= file.size - address else {
      return nil
    }
    return file.read(address, count)
  }
}
