// SPDX-License-Identifier: Apache-2.0

extension PythonProcess {
  /// A text object, in any of the ways in which CPython keeps one.
  func text(pointedAtFrom place: UInt64, in memory: some ProgramMemory) -> String? {
    guard let object: UInt64 = memory.number(at: place), object != 0 else { return nil }
    return text(of: object, in: memory)
  }

  func text(of object: UInt64, in memory: some ProgramMemory) -> String? {
    guard let length: UInt64 = memory.number(at: object &+ layout.textLength), length > 0,
      // PATH_MAX, and more than any name of a function.
      length <= 4096,
      let state: UInt32 = memory.number(at: object &+ layout.textState)
    else { return nil }
    // interned: 2 bits, kind: 3, compact: 1, ascii: 1. Names of code are compact.
    let width = Int(state >> 2 & 7)
    guard state >> 5 & 1 == 1, [1, 2, 4].contains(width) else { return nil }
    let start = state >> 6 & 1 == 1 ? layout.asciiText : layout.otherText
    guard let bytes = memory.bytes(at: object &+ start, count: Int(length) * width) else {
      return nil
    }
    let stored = StoredMemory(bytes)
    var text = ""
    for index in stride(from: 0, to: UInt64(bytes.count), by: width) {
      let value: UInt32? =
        switch width {
        case 1: stored.number(at: index, UInt8.self).map(UInt32.init)
        case 2: stored.number(at: index, UInt16.self).map(UInt32.init)
        default: stored.number(at: index)
        }
      text.unicodeScalars.append(value.flatMap(Unicode.Scalar.init) ?? "\u{fffd}")
    }
    return text
  }

  /// The line that a call is at, from the table of its code (Objects/locations.md of CPython).
  func line(of call: Call, in memory: some ProgramMemory) -> Int? {
    let start = call.code &+ layout.instructions
    guard call.instruction >= start,
      let first: Int32 = memory.number(at: call.code &+ layout.firstLine),
      let table: UInt64 = memory.number(at: call.code &+ layout.lineTable),
      let size: UInt64 = memory.number(at: table &+ layout.size), size <= 1 << 20,
      let bytes = memory.bytes(at: table &+ layout.bytes, count: Int(size))
    else { return nil }
    return Self.line(at: call.instruction - start, first: Int(first), table: bytes)
  }

  /// - Parameters:
  ///   - offset: Of the instruction, in bytes from the first one.
  ///   - first: The line of the function's head.
  ///   - table: Of each stretch of instructions how long it is, and its line.
  /// - Returns: nil when the table has no line for it.
  static func line(at offset: UInt64, first: Int, table: [UInt8]) -> Int? {
    var line = first
    var reached: UInt64 = 0
    var index = 0
    while index < table.count {
      let head = table[index]
      let kind = head >> 3 & 15
      // An instruction has two bytes.
      reached += UInt64(head & 7 + 1) * 2
      index += 1
      switch kind {
      case 13, 14: line += difference(in: table, at: index)
      case 10, 11, 12: line += Int(kind) - 10
      default: break
      }
      if offset < reached { return kind == 15 || line <= 0 ? nil : line }
      // Only the head of an entry has the highest bit.
      while index < table.count, table[index] & 0x80 == 0 { index += 1 }
    }
    return nil
  }

  /// A number with a sign, six bits a byte, the lowest first.
  private static func difference(in table: [UInt8], at start: Int) -> Int {
    var value = 0
    for (place, byte) in table[start...].prefix(6).enumerated() {
      value |= Int(byte & 0x3f) << (place * 6)
      if byte & 0x40 == 0 { break }
    }
    return value & 1 == 1 ? -(value >> 1) : value >> 1
  }
}
