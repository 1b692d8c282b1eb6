// SPDX-License-Identifier: Apache-2.0

/// Who names what libdw does not.
public enum RuntimeReaders {
  /// Who names calls of this file's code; nil when its own symbols have to do.
  public static func namer(for file: CodeFile) -> (any FrameNamer)? { nil }

  /// Who reads the calls of an interpreter that this process is; nil when it is none.
  public static func interpreter(
    of files: [CodeFile], in memory: any ProcessMemory
  ) -> (any InterpreterReader)? { nil }
}
