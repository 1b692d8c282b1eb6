// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// The CPython of a process, as far as it takes to name the calls of its threads.
package struct PythonProcess: Hashable, Sendable {
  /// Of the version, as in `PY_VERSION_HEX`: 0x030b07f0 is 3.11.7.
  package var version: UInt64
  /// The address of `_PyRuntime`.
  package var runtime: UInt64
  /// The address of `PyCode_Type`: what is no code any more has another.
  package var codeType: UInt64
  package var layout: PythonLayout

  /// Finds it in a file of the process: the interpreter's own, or its library.
  ///
  /// - Parameters:
  ///   - file: With the symbols that extensions link with, which no distribution strips.
  ///   - memory: The process.
  ///   - bias: How far the process has the file from where the linker put it.
  /// - Returns: nil when there is none in this file.
  /// - Throws: ``DecodeError`` with the version when it is one that is not known.
  package static func find<File>(
    in file: ELFFile<File>, memory: some ProgramMemory, bias: UInt64 = 0
  ) throws(DecodeError) -> PythonProcess? {
    guard let symbol = file.address(ofSymbol: "_PyRuntime") else { return nil }
    let runtime = symbol &+ bias
    let what = "CPython"
    guard let versionSymbol = file.address(ofSymbol: "Py_Version"),
      let version: UInt64 = memory.number(at: versionSymbol &+ bias)
    else {
      throw DecodeError.badField(table: what, field: "version", text: "older than 3.11")
    }
    guard let codeType = file.address(ofSymbol: "PyCode_Type") else {
      throw DecodeError.missing(table: what, field: "PyCode_Type")
    }
    let layout: PythonLayout
    switch version >> 16 {
    case 0x030b: layout = .python3_11
    case 0x030c: layout = .python3_12
    case 0x030d: layout = try .described(at: runtime, in: memory)
    default:
      throw DecodeError.badField(
        table: what, field: "version", text: "\(version >> 24).\(version >> 16 & 0xff)")
    }
    return PythonProcess(
      version: version, runtime: runtime, codeType: codeType &+ bias, layout: layout)
  }

  /// A call that is going on, where it is kept: to be named soon, as what is not needed any more
  /// is forgotten by the interpreter.
  package struct Call: Hashable, Sendable {
    package var code: UInt64
    package var instruction: UInt64

    package init(code: UInt64, instruction: UInt64) {
      self.code = code
      self.instruction = instruction
    }
  }

  /// What each thread is doing: by what pthread_self(3) says in it, the innermost call first.
  ///
  /// The process goes on meanwhile: a thread that runs may be told wrongly, one that waits is not.
  package func threads(in memory: some ProgramMemory) -> [(thread: UInt64, calls: [Call])] {
    states(in: memory).map { ($0.thread, calls(ofState: $0.state, in: memory)) }
  }

  /// The same of one thread; empty when the interpreter does not know it.
  package func calls(ofThread thread: UInt64, in memory: some ProgramMemory) -> [Call] {
    let state = states(in: memory).first { $0.thread == thread }?.state
    return state.map { calls(ofState: $0, in: memory) } ?? []
  }

  /// What the interpreter keeps of each of its threads.
  func threadStates(in memory: some ProgramMemory) -> [UInt64] {
    states(in: memory).map(\.state)
  }

  private func states(in memory: some ProgramMemory) -> [(thread: UInt64, state: UInt64)] {
    var states: [(thread: UInt64, state: UInt64)] = []
    var interpreter: UInt64 = memory.number(at: runtime &+ layout.firstInterpreter) ?? 0
    // A list that leads in a circle ends here.
    for _ in 0..<64 where interpreter != 0 {
      var state: UInt64 = memory.number(at: interpreter &+ layout.firstThread) ?? 0
      for _ in 0..<4096 where state != 0 {
        if let thread: UInt64 = memory.number(at: state &+ layout.threadID) {
          states.append((thread, state))
        }
        state = memory.number(at: state &+ layout.nextThread) ?? 0
      }
      interpreter = memory.number(at: interpreter &+ layout.nextInterpreter) ?? 0
    }
    return states
  }

  private func calls(ofState state: UInt64, in memory: some ProgramMemory) -> [Call] {
    var calls: [Call] = []
    var frame: UInt64 = memory.number(at: state &+ layout.calls) ?? 0
    if let innermost = layout.innermostCall {
      frame = frame == 0 ? 0 : memory.number(at: frame &+ innermost) ?? 0
    }
    while frame != 0, calls.count < 128 {
      guard let code: UInt64 = memory.number(at: frame &+ layout.code),
        let instruction: UInt64 = memory.number(at: frame &+ layout.instruction)
      else { break }
      calls.append(Call(code: code, instruction: instruction))
      frame = memory.number(at: frame &+ layout.caller) ?? 0
    }
    return calls
  }

  /// The names of calls. Those of the interpreter itself are left out, and what cannot be read any
  /// more is there without a name.
  package func frames(of calls: [Call], in memory: some ProgramMemory) -> [StackFrame] {
    calls.compactMap { call in
      guard let type: UInt64 = memory.number(at: call.code &+ layout.type) else {
        return StackFrame(function: nil)
      }
      // Between calls there are some of the interpreter's own, which have no code.
      guard type == codeType else { return nil }
      let name = text(pointedAtFrom: call.code &+ layout.qualifiedName, in: memory)
      if name == "<shim>" || name == "<interpreter trampoline>" { return nil }
      let file = text(pointedAtFrom: call.code &+ layout.fileName, in: memory)
      return StackFrame(
        function: name, file: file, line: line(of: call, in: memory),
        isOwn: OwnCode.isOwn(function: name, source: file, path: ""))
    }
  }
}
