// SPDX-License-Identifier: Apache-2.0

/// Calls that wait for others without a thread: of coroutines.
extension PythonObjects {
  /// The task that this object has; nil where it has none, or it is running now.
  mutating func task(of object: UInt64) -> SocketSighting.Task? {
    for reference in references(of: object) {
      guard let type = type(of: reference),
        line(of: type).contains(where: { $0.name == "_asyncio.Task" }),
        let coroutine = references(of: reference).first(where: { isCoroutine($0) })
      else { continue }
      return task(ofCoroutine: coroutine, handler: object)
    }
    return nil
  }

  private mutating func isCoroutine(_ object: UInt64) -> Bool {
    type(of: object)?.isBuiltIn("coroutine") == true
  }

  private mutating func task(
    ofCoroutine coroutine: UInt64, handler: UInt64
  ) -> SocketSighting.Task? {
    if let calls = waitingCalls(ofCoroutine: coroutine) {
      return CodePath(python.frames(of: calls, in: memory).filter { $0.function != nil })
        .map { .init(path: $0, hasEnded: false) }
    }
    guard state(of: coroutine) == .ended,
      let name = word(at: coroutine &+ layout.coroutineName).flatMap({ text(of: $0) }),
      // Newer ones forget the code of what has ended: the function still has it.
      let function = attribute("_client_connected_cb", of: handler),
      let frame = frame(ofFunction: function), frame.function == name
    else { return nil }
    return CodePath([frame]).map { .init(path: $0, hasEnded: true) }
  }

  private enum CoroutineState { case waiting, ended, other }

  private mutating func state(of coroutine: UInt64) -> CoroutineState {
    guard let word = word(at: coroutine &+ layout.coroutineFrame &- 8) else { return .other }
    // The last of four bytes; the frame that follows begins at a whole word.
    let state = Int8(truncatingIfNeeded: word >> 24)
    if state > 0 { return .ended }
    // 3.13 has one number more for what waits.
    let created: Int8 = python.version >> 16 >= 0x030d ? -3 : -2
    return state < 0 && state > created ? .waiting : .other
  }

  /// From the innermost on; nil when it is not waiting.
  private mutating func waitingCalls(ofCoroutine outermost: UInt64) -> [PythonProcess.Call]? {
    var calls: [PythonProcess.Call] = []
    var next: UInt64? = outermost
    while let object = next, calls.count < 64, let type = type(of: object) {
      // What is awaited besides waits for something that is no code of Python's.
      guard type.isBuiltIn("coroutine") || type.isBuiltIn("generator") else { break }
      guard state(of: object) == .waiting else { break }
      let frame = object &+ layout.coroutineFrame
      guard let code = word(at: frame &+ layout.code),
        let instruction = word(at: frame &+ layout.instruction),
        let depth = word(at: frame &+ layout.locals &- 8).map({ UInt32(truncatingIfNeeded: $0) })
      else { return nil }
      calls.insert(PythonProcess.Call(code: code, instruction: instruction), at: 0)
      // What it waits for is uppermost on its stack.
      guard depth > 0, depth < 1 << 16 else { break }
      next = word(at: frame &+ layout.locals &+ UInt64(depth - 1) * 8)
    }
    return calls.isEmpty ? nil : calls
  }

  /// Where a function, or a method of one, begins.
  mutating func frame(ofFunction object: UInt64) -> StackFrame? {
    guard let type = type(of: object) else { return nil }
    if type.isBuiltIn("method") {
      let function = word(at: object &+ PythonType.methodFunction) ?? 0
      return self.type(of: function)?.isBuiltIn("function") == true
        ? frame(ofFunction: function) : nil
    }
    guard type.isBuiltIn("function"),
      let code = word(at: object &+ PythonType.functionCode)
    else { return nil }
    var frame = python.frames(of: [.init(code: code, instruction: 0)], in: memory).first
    frame?.line = memory.number(at: code &+ layout.firstLine, Int32.self).map(Int.init)
    return frame?.function == nil ? nil : frame
  }
}
