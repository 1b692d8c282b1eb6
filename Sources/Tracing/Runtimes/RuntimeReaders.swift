// SPDX-License-Identifier: Apache-2.0

/// Who names what libdw does not.
public enum RuntimeReaders {
  /// Who names calls of this file's code; nil when its own symbols have to do.
  public static func namer(for file: CodeFile) -> (any FrameNamer)? {
    let bytes = CodeFileMemory(file)
    guard let parts = try? ELFFile(bytes),
      let table = try? GoFunctionTable.find(in: parts, memory: parts)
    else { return nil }
    return GoNamer(table: table, path: file.path)
  }

  /// Who reads the calls of an interpreter that this process is; nil when it is none.
  public static func interpreter(
    of files: [CodeFile], in memory: any ProcessMemory
  ) -> (any InterpreterReader)? {
    for file in files {
      // Whatever embeds it runs its library, or has it in the program: the first file.
      guard file.path.contains("python") || file.path == files.first?.path,
        let parts = try? ELFFile(CodeFileMemory(file)),
        let python = try? PythonProcess.find(
          in: parts, memory: OpenedMemory(memory), bias: file.bias)
      else { continue }
      return PythonReader(python: python)
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
