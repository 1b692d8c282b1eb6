// SPDX-License-Identifier: Apache-2.0

/// What the table says of one function that the linker laid down (`_func`).
struct GoFunction {
  /// Its first instruction.
  let entry: UInt64
  let nameOffset: UInt32
  let fileSteps: UInt32
  let lineSteps: UInt32
  /// Where its unit's files begin; 0 before Go 1.16.
  let unit: UInt32
  /// Where its tables by number begin: values that change from instruction to instruction.
  let tables: UInt64
  let tableCount: UInt32
  let dataCount: UInt8

  /// - Parameter address: Of the function's record.
  init?<Memory>(at address: UInt64, of table: GoFunctionTable<Memory>) {
    let memory = table.memory
    let usesOffsets = table.layout == .go1_18 || table.layout == .go1_20
    let fields = address &+ (usesOffsets ? 4 : 8)
    func field(_ index: UInt64) -> UInt32? { memory.number(at: fields &+ index * 4) }
    if usesOffsets {
      guard let offset: UInt32 = memory.number(at: address) else { return nil }
      entry = table.textStart &+ UInt64(offset)
    } else {
      guard let start: UInt64 = memory.number(at: address) else { return nil }
      entry = start
    }
    guard let name = field(0), let files = field(4), let lines = field(5), let count = field(6)
    else { return nil }
    nameOffset = name
    fileSteps = files
    lineSteps = lines
    tableCount = count
    guard table.layout != .go1_2 else {
      unit = 0
      dataCount = memory.number(at: fields &+ 31) ?? 0
      tables = fields &+ 32
      return
    }
    guard let unit = field(7) else { return nil }
    self.unit = unit
    // Go 1.20 put the line of the function's head between.
    let kinds = fields &+ (table.layout == .go1_20 ? 36 : 32)
    dataCount = memory.number(at: kinds &+ 3) ?? 0
    tables = kinds &+ 4
  }
}

extension GoFunctionTable {
  /// The function in whose machine code an address is.
  func function(at pc: UInt64) -> GoFunction? {
    guard count > 0, let first = start(of: 0), first <= pc, let end = start(of: count), pc < end
    else { return nil }
    var low: UInt64 = 0
    var high = count
    while high - low > 1 {
      let middle = (low + high) / 2
      guard let start = start(of: middle) else { return nil }
      if start <= pc { low = middle } else { high = middle }
    }
    let record: UInt64
    if usesOffsets {
      guard let offset: UInt32 = memory.number(at: parts.functions &+ low * 8 &+ 4) else {
        return nil
      }
      record = parts.functions &+ UInt64(offset)
    } else {
      guard let offset: UInt64 = memory.number(at: parts.functions &+ low * 16 &+ 8) else {
        return nil
      }
      record = (layout == .go1_2 ? address : parts.functions) &+ offset
    }
    return GoFunction(at: record, of: self)
  }

  private var usesOffsets: Bool { layout == .go1_18 || layout == .go1_20 }

  /// The first address of one of the functions; of the one after the last, where all ends.
  private func start(of index: UInt64) -> UInt64? {
    guard usesOffsets else { return memory.number(at: parts.functions &+ index * 16) }
    let offset: UInt32? = memory.number(at: parts.functions &+ index * 8)
    return offset.map { textStart &+ UInt64($0) }
  }

  /// The value that a table of steps has at an address of a function.
  ///
  /// Each step says by how much the value differs from that before, and for how many bytes of
  /// machine code it holds. The first starts at -1.
  func value(_ steps: UInt32, at pc: UInt64, in function: GoFunction) -> Int32? {
    guard steps != 0 else { return nil }
    var bytes = GoStepBytes(memory, at: parts.steps &+ UInt64(steps))
    var value: Int32 = -1
    var reached = function.entry
    var isFirst = true
    // A function of 16 million steps has not been seen; what is longer is not one.
    for _ in 0..<(1 << 24) {
      guard let step = bytes.next(), step != 0 || isFirst, let length = bytes.next() else {
        return nil
      }
      isFirst = false
      let difference = Int32(bitPattern: step >> 1)
      value &+= step & 1 == 1 ? ~difference : difference
      reached &+= UInt64(length) &* quantum
      if pc < reached { return value }
    }
    return nil
  }
}

/// Numbers of varying length, seven bits a byte, read in pieces.
private struct GoStepBytes<Memory: ProgramMemory> {
  private let memory: Memory
  private var address: UInt64
  private var piece: ArraySlice<UInt8> = []

  init(_ memory: Memory, at address: UInt64) {
    self.memory = memory
    self.address = address
  }

  mutating func next() -> UInt32? {
    var value: UInt32 = 0
    for shift in stride(from: 0 as UInt32, to: 35, by: 7) {
      guard let byte = nextByte() else { return nil }
      value |= UInt32(byte & 0x7f) << shift
      if byte & 0x80 == 0 { return value }
    }
    return nil
  }

  private mutating func nextByte() -> UInt8? {
    if piece.isEmpty {
      // What can be read may end with the steps.
      guard let read = memory.bytes(at: address, count: 256) ?? memory.bytes(at: address, count: 1)
      else { return nil }
      piece = read[...]
      address &+= UInt64(read.count)
    }
    return piece.popFirst()
  }
}
