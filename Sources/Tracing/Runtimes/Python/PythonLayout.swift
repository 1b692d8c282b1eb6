// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Where CPython has what leads from a thread to the lines of its calls: offsets in its structures.
///
/// They are the same in all releases of one version. 3.13 and newer tell them themselves, at
/// `_PyRuntime`; those of 3.11 and 3.12 are what a compiler made of the headers of 3.11.7 and
/// 3.12.1.
package struct PythonLayout: Hashable, Sendable {
  /// Of `_PyRuntimeState`: the first interpreter.
  package var firstInterpreter: UInt64
  /// Of `PyInterpreterState`: the next one, and the first thread.
  package var nextInterpreter: UInt64
  package var firstThread: UInt64
  /// Of `PyThreadState`: the next one, what pthread_self(3) says in it, and where its calls are.
  package var nextThread: UInt64
  package var threadID: UInt64
  package var calls: UInt64
  /// Of `_PyCFrame`, which `calls` points to: the innermost call. nil where `calls` itself does.
  package var innermostCall: UInt64?
  /// Of `_PyInterpreterFrame`.
  package var code: UInt64
  package var caller: UInt64
  package var instruction: UInt64
  package var locals: UInt64 = 72
  /// Of `PyCoroObject`.
  package var coroutineName: UInt64 = 32
  package var coroutineFrame: UInt64 = 72
  /// Of `PyObject`, and of those that vary in size.
  package var type: UInt64 = 8
  package var size: UInt64 = 16
  /// Of `PyCodeObject`.
  package var fileName: UInt64
  package var qualifiedName: UInt64
  package var lineTable: UInt64
  package var firstLine: UInt64
  package var instructions: UInt64
  /// Of `PyBytesObject`.
  package var bytes: UInt64 = 32
  /// Of `PyASCIIObject`: the number of characters, how they are kept, and where.
  package var textLength: UInt64 = 16
  package var textState: UInt64 = 32
  package var asciiText: UInt64
  package var otherText: UInt64

  static let python3_11 = PythonLayout(
    firstInterpreter: 40, nextInterpreter: 0, firstThread: 16, nextThread: 8, threadID: 152,
    calls: 56, innermostCall: 8, code: 32, caller: 48, instruction: 56, coroutineName: 40,
    coroutineFrame: 80, fileName: 112,
    qualifiedName: 128, lineTable: 136, firstLine: 72, instructions: 184, asciiText: 48,
    otherText: 72)

  static let python3_12 = PythonLayout(
    firstInterpreter: 40, nextInterpreter: 0, firstThread: 72, nextThread: 8, threadID: 136,
    calls: 56, innermostCall: 0, code: 0, caller: 8, instruction: 56, fileName: 112,
    qualifiedName: 128, lineTable: 136, firstLine: 68, instructions: 192, asciiText: 40,
    otherText: 56)

  /// What the interpreter says of itself: `_Py_DebugOffsets` of 3.13.
  ///
  /// - Parameter runtime: The address of `_PyRuntime`.
  static func described(
    at runtime: UInt64, in memory: some ProgramMemory
  ) throws(DecodeError) -> PythonLayout {
    let what = "CPython's description of itself"
    let count = 73
    guard let bytes = memory.bytes(at: runtime, count: count * 8) else {
      throw DecodeError.truncated(what: what, needed: count * 8, got: 0)
    }
    guard bytes[..<8].elementsEqual("xdebugpy".utf8) else {
      throw DecodeError.badField(
        table: what, field: "cookie", text: String(decoding: bytes[..<8], as: UTF8.self))
    }
    let stored = StoredMemory(bytes)
    let words = (0..<UInt64(count)).map { stored.number(at: $0 * 8, UInt64.self) ?? 0 }
    // Without the lock its objects are laid out in another way.
    guard words[2] == 0 else {
      throw DecodeError.badField(table: what, field: "free_threaded", text: "\(words[2])")
    }
    // What follows are offsets in structures of which the largest, the interpreter's, has 250 kB.
    guard let wrong = words[3...].first(where: { $0 > 1 << 20 }) else {
      return PythonLayout(
        firstInterpreter: words[5], nextInterpreter: words[8], firstThread: words[9],
        nextThread: words[21], threadID: words[24], calls: words[23], innermostCall: nil,
        code: words[30], caller: words[29], instruction: words[31], type: words[45],
        size: words[65], fileName: words[35], qualifiedName: words[37], lineTable: words[38],
        firstLine: words[39], instructions: words[43], bytes: words[66], textLength: words[69],
        textState: words[68], asciiText: words[70], otherText: words[70] + 16)
    }
    throw DecodeError.badField(table: what, field: "offset", text: "\(wrong)")
  }
}
