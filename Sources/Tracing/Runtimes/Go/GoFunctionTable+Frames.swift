// SPDX-License-Identifier: Apache-2.0

extension GoFunctionTable {
  /// The calls that the machine code at `pc` stands for, the innermost first: one, and before it
  /// those that the compiler inlined there.
  ///
  /// Where the names of inlined calls can't be read, the place in the source is told without one:
  /// it is not in the function around it.
  ///
  /// - Parameter pc: An address within the instruction: of a caller, the byte before the address
  ///   to which the call returns.
  package func frames(at pc: UInt64) -> [StackFrame] {
    guard let function = function(at: pc) else { return [] }
    var frames: [StackFrame] = []
    var pc = pc
    // Go inlines no deeper than this by far.
    while frames.count < 64 {
      guard let index = inlinedIndex(at: pc, in: function) else {
        frames.append(frame(at: pc, in: function, name: function.nameOffset))
        return frames
      }
      guard let call = inlinedCall(index, of: function) else {
        frames.append(frame(at: pc, in: function, name: nil))
        frames.append(StackFrame(function: name(at: function.nameOffset)))
        return frames
      }
      frames.append(frame(at: pc, in: function, name: call.name))
      pc = function.entry &+ UInt64(call.caller)
    }
    return frames
  }

  private func frame(at pc: UInt64, in function: GoFunction, name: UInt32?) -> StackFrame {
    let line = value(function.lineSteps, at: pc, in: function)
    return StackFrame(
      function: name.flatMap(self.name(at:)), file: file(at: pc, in: function),
      line: line.flatMap { $0 > 0 ? Int($0) : nil })
  }

  /// A function's name, without the types that it was made for, as Go's own traces have it.
  private func name(at offset: UInt32) -> String? {
    guard let name = memory.text(at: parts.names &+ UInt64(offset)), !name.isEmpty else {
      return nil
    }
    guard let first = name.firstIndex(of: "["), let last = name.lastIndex(of: "]"), first < last
    else { return name }
    return name[..<first] + "[...]" + name[name.index(after: last)...]
  }

  private func file(at pc: UInt64, in function: GoFunction) -> String? {
    guard let index = value(function.fileSteps, at: pc, in: function), index >= 0 else {
      return nil
    }
    let place: UInt32?
    if layout == .go1_2 {
      place = memory.number(at: parts.files &+ UInt64(index) * 4)
      return place.flatMap { memory.text(at: address &+ UInt64($0)) }
    }
    place = memory.number(at: parts.units &+ (UInt64(function.unit) + UInt64(index)) * 4)
    guard let place, place != .max else { return nil }
    return memory.text(at: parts.files &+ UInt64(place))
  }

  /// The number of the inlined call whose code is at an address; nil when it is the function's own.
  private func inlinedIndex(at pc: UInt64, in function: GoFunction) -> UInt32? {
    // PCDATA_InlTreeIndex, since Go 1.9.
    let table: UInt64 = 2
    guard table < function.tableCount,
      let steps: UInt32 = memory.number(at: function.tables &+ table * 4),
      let index = value(steps, at: pc, in: function), index >= 0
    else { return nil }
    return UInt32(index)
  }

  /// One element of a function's tree of inlined calls, with the place that it is called from.
  private func inlinedCall(
    _ index: UInt32, of function: GoFunction
  ) -> (name: UInt32, caller: UInt32)? {
    // FUNCDATA_InlTree, since Go 1.16.
    let data: UInt64 = 3
    guard layout != .go1_2, data < function.dataCount else { return nil }
    let list = function.tables &+ UInt64(function.tableCount) * 4
    let tree: UInt64
    if layout == .go1_16 {
      // Addresses, at the next multiple of eight.
      guard let address: UInt64 = memory.number(at: ((list &+ 7) & ~7) &+ data * 8), address != 0
      else { return nil }
      tree = address
    } else {
      guard let offset: UInt32 = memory.number(at: list &+ data * 4), offset != .max,
        let functionData
      else { return nil }
      tree = functionData &+ UInt64(offset)
    }
    // Since Go 1.20 without file, line and parent, which the caller's place tells as well.
    let (size, name, caller): (UInt64, UInt64, UInt64) =
      layout == .go1_20 ? (16, 4, 8) : (20, 12, 16)
    let call = tree &+ UInt64(index) * size
    guard let name: UInt32 = memory.number(at: call &+ name),
      let caller: UInt32 = memory.number(at: call &+ caller), caller <= Int32.max
    else { return nil }
    return (name, caller)
  }
}
