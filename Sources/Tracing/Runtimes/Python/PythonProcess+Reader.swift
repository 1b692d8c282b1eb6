// SPDX-License-Identifier: Apache-2.0

extension PythonProcess {
  /// What the programs in the kernel have to know, in the order of `python_layout` in
  /// `Sources/TraceProbe/Programs/python.bpf.h`.
  package var words: [UInt64] {
    [
      runtime &+ layout.firstInterpreter, layout.nextInterpreter, layout.firstThread,
      layout.nextThread, layout.threadID, layout.calls, layout.innermostCall == nil ? 0 : 1,
      layout.innermostCall ?? 0, layout.code, layout.caller, layout.instruction,
    ]
  }
}

/// Names the calls of a CPython that the programs in the kernel have found.
struct PythonReader: InterpreterReader {
  let python: PythonProcess

  var layout: [UInt64] { python.words }

  func calls(ofThread identity: UInt64, in memory: any ProcessMemory) -> [InterpretedCall] {
    python.calls(ofThread: identity, in: OpenedMemory(memory)).map {
      InterpretedCall(code: $0.code, instruction: $0.instruction)
    }
  }

  mutating func frames(
    of calls: [InterpretedCall], in memory: any ProcessMemory
  ) -> [StackFrame] {
    python.frames(
      of: calls.map { PythonProcess.Call(code: $0.code, instruction: $0.instruction) },
      in: OpenedMemory(memory))
  }

  func handlers(
    of descriptors: Set<Int32>, in memory: any ProcessMemory
  ) -> [Int32: SocketSighting.Handler] {
    python.handlers(of: descriptors, in: OpenedMemory(memory))
  }
}

/// The memory of a process that somebody else has opened.
struct OpenedMemory: ProgramMemory {
  private let memory: any ProcessMemory

  init(_ memory: any ProcessMemory) { self.memory = memory }

  func bytes(at address: UInt64, count: Int) -> [UInt8]? {
    memory.bytes(at: address, count: count)
  }
}
