// SPDX-License-Identifier: Apache-2.0

/// The objects of a CPython that goes on running: any of them may be gone in the middle of a look,
/// and another be in its place. What is found is checked where it is used.
///
/// Sources: the headers of 3.11.7, 3.12.1 and 3.13.0.
struct PythonObjects<Memory: ProgramMemory> {
  let python: PythonProcess
  let memory: Memory
  private var types: [UInt64: PythonType?] = [:]
  private var texts: [UInt64: String] = [:]
  /// Words that may still be read: some seconds.
  private var budget = 4_000_000

  init(_ python: PythonProcess, in memory: Memory) {
    self.python = python
    self.memory = memory
  }

  var layout: PythonLayout { python.layout }

  mutating func word(at address: UInt64) -> UInt64? {
    guard budget > 0 else { return nil }
    budget -= 1
    return memory.number(at: address)
  }

  private mutating func bytes(at address: UInt64, count: Int) -> StoredMemory? {
    guard budget > 0 else { return nil }
    budget -= 1 + count / 512
    return memory.bytes(at: address, count: count).map { StoredMemory($0) }
  }

  // MARK: Types

  /// nil for what is no object.
  mutating func type(of object: UInt64) -> PythonType? {
    guard object != 0, object & 7 == 0, let address = word(at: object &+ layout.type) else {
      return nil
    }
    return type(at: address)
  }

  private mutating func type(at address: UInt64) -> PythonType? {
    if let known = types[address] { return known }
    let type = readType(at: address)
    types[address] = .some(type)
    return type
  }

  private mutating func readType(at address: UInt64) -> PythonType? {
    guard address != 0, address & 7 == 0, let kind = word(at: address &+ layout.type),
      let kindFlags = word(at: kind &+ PythonType.flags),
      kindFlags & PythonType.isType != 0, let name = word(at: address &+ PythonType.name),
      let flags = word(at: address &+ PythonType.flags),
      // uvloop's loop has 256 kB.
      let size = word(at: address &+ PythonType.basicSize), size < 1 << 20,
      let place = word(at: address &+ PythonType.dictionaryPlace)
    else { return nil }
    return PythonType(
      address: address, name: memory.text(at: name, limit: 256) ?? "", flags: flags, size: size,
      dictionaryPlace: Int64(bitPattern: place))
  }

  /// It and those that it inherits from, the nearest first.
  mutating func line(of type: PythonType) -> [PythonType] {
    guard let order = word(at: type.address &+ PythonType.order) else { return [type] }
    return items(ofTuple: order).compactMap { self.type(at: $0) }
  }

  private mutating func items(ofTuple tuple: UInt64) -> [UInt64] {
    guard let count = word(at: tuple &+ layout.size), count <= 64 else { return [] }
    return (0..<count).compactMap { word(at: tuple &+ PythonType.tupleItems &+ $0 * 8) }
  }

  /// What a class has by a name, without what it inherits.
  mutating func member(_ name: String, of type: PythonType) -> UInt64? {
    guard let members = word(at: type.address &+ PythonType.members) else { return nil }
    return value(of: name, inDictionary: members)
  }

  // MARK: Values

  mutating func text(of object: UInt64) -> String? {
    if let known = texts[object] { return known }
    guard type(of: object)?.has(PythonType.isText) == true else { return nil }
    budget -= 4
    let text = python.text(of: object, in: memory)
    texts[object] = text
    return text
  }

  /// A number that fits into a descriptor's.
  mutating func descriptor(of object: UInt64) -> Int32? {
    guard type(of: object)?.has(PythonType.isInteger) == true, let head = word(at: object &+ 16),
      let digit = word(at: object &+ 24)
    else { return nil }
    // 3.11 has the number of digits, newer ones behind three bits of which two are the sign.
    let digits = python.version >> 16 == 0x030b ? head : head & 3 == 2 ? 0 : head >> 3
    if python.version >> 16 == 0x030b ? head == 0 : head & 3 == 1 { return 0 }
    return digits == 1 ? Int32(digit & 0x3fff_ffff) : nil
  }

  mutating func entries(ofDictionary object: UInt64) -> [(key: UInt64, value: UInt64)] {
    guard type(of: object)?.has(PythonType.isDictionary) == true,
      let keys = word(at: object &+ PythonType.dictionaryKeys),
      let values = word(at: object &+ PythonType.dictionaryValues)
    else { return [] }
    let inline = python.version >> 16 >= 0x030d ? 8 : 0 as UInt64
    return entries(ofKeys: keys, values: values == 0 ? nil : values &+ inline)
  }

  mutating func value(of name: String, inDictionary object: UInt64) -> UInt64? {
    for (key, value) in entries(ofDictionary: object) where text(of: key) == name { return value }
    return nil
  }

  /// - Parameter values: Where those of one object are, which shares its keys with others; nil:
  ///   beside the keys.
  private mutating func entries(
    ofKeys keys: UInt64, values: UInt64?
  ) -> [(key: UInt64, value: UInt64)] {
    guard keys != 0, let head = bytes(at: keys, count: 32),
      let count: UInt64 = head.number(at: 24), count <= 1 << 17,
      let indexBits = head.number(at: 9, UInt8.self), indexBits < 24,
      let kind = head.number(at: 10, UInt8.self)
    else { return [] }
    // Where not all keys are texts, each entry begins with a hash.
    let size: UInt64 = kind == 0 ? 24 : 16
    let first = keys &+ 32 &+ 1 << indexBits
    var found: [(key: UInt64, value: UInt64)] = []
    for start in stride(from: 0, to: count, by: 1024) {
      let part = min(1024, count - start)
      guard let entries = bytes(at: first &+ start * size, count: Int(part * size)) else { break }
      for index in 0..<part {
        let place = index * size + size - 16
        let key: UInt64 = entries.number(at: place) ?? 0
        let own: UInt64? =
          values.map { word(at: $0 &+ (start + index) * 8) } ?? entries.number(at: place + 8)
        if key != 0, let own, own != 0 { found.append((key, own)) }
      }
    }
    return found
  }

  // MARK: What an object has

  /// By the addresses of the names.
  private mutating func attributes(of object: UInt64) -> [(key: UInt64, value: UInt64)] {
    guard let type = type(of: object) else { return [] }
    guard type.has(PythonType.hasManagedDictionary) else {
      guard type.dictionaryPlace > 0, type.dictionaryPlace < 1 << 16,
        let dictionary = word(at: object &+ UInt64(type.dictionaryPlace))
      else { return [] }
      return entries(ofDictionary: dictionary)
    }
    let isOldest = python.version >> 16 == 0x030b
    let keys = word(at: type.address &+ (isOldest ? 872 : 880)) ?? 0
    let place = word(at: object &- 24) ?? 0
    switch python.version >> 16 {
    case 0x030b:
      if let values = word(at: object &- 32), values != 0 {
        return entries(ofKeys: keys, values: values)
      }
    case 0x030c:
      if place & 1 == 1 { return entries(ofKeys: keys, values: place &+ 1) }
    default:
      let values = object &+ type.size
      if type.has(PythonType.hasInlineValues), let head = bytes(at: values, count: 4),
        head.bytes[3] != 0
      {
        return entries(ofKeys: keys, values: values &+ 8)
      }
    }
    return entries(ofDictionary: place)
  }

  mutating func attribute(_ name: String, of object: UInt64) -> UInt64? {
    for (key, value) in attributes(of: object) where text(of: key) == name { return value }
    return nil
  }

  /// All that it refers to itself: its attributes, its slots, and what an extension keeps in it.
  mutating func references(of object: UInt64) -> [UInt64] {
    attributes(of: object).map(\.value) + words(of: object)
  }

  private mutating func words(of object: UInt64) -> [UInt64] {
    guard let size = type(of: object)?.size, size > 16 else { return [] }
    return words(at: object &+ 16, count: Int(min(size, 4096) - 16) / 8)
  }

  mutating func words(at address: UInt64, count: Int) -> [UInt64] {
    guard let bytes = bytes(at: address, count: count * 8) else { return [] }
    return (0..<UInt64(count)).compactMap { bytes.number(at: $0 * 8) }
  }
}

/// A class, or a type of the interpreter's own.
struct PythonType: Hashable {
  var address: UInt64
  /// Of a type in C with its module.
  var name: String
  var flags: UInt64
  var size: UInt64
  var dictionaryPlace: Int64

  func has(_ flag: UInt64) -> Bool { flags & flag != 0 }

  /// Whether it is one of the interpreter's own, by this name.
  func isBuiltIn(_ name: String) -> Bool { self.name == name && !has(Self.isMadeAtRunTime) }

  // Py_TPFLAGS_…
  static let hasInlineValues: UInt64 = 1 << 2
  static let hasManagedDictionary: UInt64 = 1 << 4
  static let isMadeAtRunTime: UInt64 = 1 << 9
  static let isInteger: UInt64 = 1 << 24
  static let isText: UInt64 = 1 << 28
  static let isDictionary: UInt64 = 1 << 29
  static let isType: UInt64 = 1 << 31

  // Of PyTypeObject.
  static let name: UInt64 = 24
  static let basicSize: UInt64 = 32
  static let flags: UInt64 = 168
  static let members: UInt64 = 264
  static let dictionaryPlace: UInt64 = 288
  static let order: UInt64 = 344
  // Of others.
  static let tupleItems: UInt64 = 24
  static let dictionaryKeys: UInt64 = 32
  static let dictionaryValues: UInt64 = 40
  static let weaklyReferred: UInt64 = 16
  static let functionCode: UInt64 = 48
  static let methodFunction: UInt64 = 16
}
