// SPDX-License-Identifier: Apache-2.0

/// Reads what a ``WireWriter`` has written. Any bytes end in a value or an error: whoever wrote
/// them may have been taken over.
///
/// Valid no longer than the memory that it reads from.
package struct WireReader {
  let bytes: UnsafeRawBufferPointer
  var offset = 0

  package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Reads all of `bytes`.
  package static func value<Value>(
    of bytes: [UInt8], _ read: (inout WireReader) throws(DecodeError) -> Value
  ) throws(DecodeError) -> Value {
    let result = bytes.withUnsafeBytes { buffer -> Result<Value, DecodeError> in
      var reader = WireReader(buffer)
      do throws(DecodeError) {
        let value = try read(&reader)
        try reader.finish()
        return .success(value)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  var remaining: Int { bytes.count - offset }

  func require(_ count: Int) throws(DecodeError) {
    guard remaining >= count else {
      throw DecodeError.truncated(what: "a message", needed: count, got: remaining)
    }
  }

  /// - Throws: ``DecodeError`` when something follows the value.
  package func finish() throws(DecodeError) {
    guard remaining == 0 else { throw bad("end", "\(remaining) bytes more") }
  }

  package func bad(_ field: String, _ text: String) -> DecodeError {
    DecodeError.badField(table: "a message", field: field, text: text)
  }

  package mutating func get<Number: FixedWidthInteger>(
    _ type: Number.Type = Number.self
  ) throws(DecodeError) -> Number {
    try require(MemoryLayout<Number>.size)
    defer { offset += MemoryLayout<Number>.size }
    return bytes.loadUnaligned(fromByteOffset: offset, as: Number.self)
  }

  package mutating func getBool() throws(DecodeError) -> Bool {
    switch try get(UInt8.self) {
    case 0: return false
    case 1: return true
    case let other: throw bad("truth", "\(other)")
    }
  }

  package mutating func getDouble() throws(DecodeError) -> Double {
    let number = Double(bitPattern: try get())
    guard number.isFinite else { throw bad("number", "\(number)") }
    return number
  }

  package mutating func getText() throws(DecodeError) -> String {
    let count = Int(try get(UInt32.self))
    try require(count)
    defer { offset += count }
    return String(decoding: bytes[offset..<(offset + count)], as: UTF8.self)
  }

  /// As many bytes as the number before them says.
  package mutating func getBytes(atMost most: Int) throws(DecodeError) -> [UInt8] {
    let count = try getCount(ofAtLeast: 1)
    guard count <= most else { throw bad("bytes", "\(count)") }
    defer { offset += count }
    return Array(bytes[offset..<(offset + count)])
  }

  package mutating func getOptional<Value>(
    _ read: (inout WireReader) throws(DecodeError) -> Value
  ) throws(DecodeError) -> Value? {
    try getBool() ? try read(&self) : nil
  }

  /// How many elements follow. Never more than there is room for: memory is made for them.
  ///
  /// - Parameter size: Bytes of the smallest one, which is exact: what is smaller is refused.
  mutating func getCount(ofAtLeast size: Int) throws(DecodeError) -> Int {
    let count = try get(UInt64.self)
    guard count <= UInt64(remaining / max(1, size)) else {
      throw bad("count", "\(count) in \(remaining) bytes")
    }
    return Int(count)
  }

  /// Elements have at least a byte. Memory is made as they are read: a count alone gets none.
  package mutating func getArray<Value>(
    _ read: (inout WireReader) throws(DecodeError) -> Value
  ) throws(DecodeError) -> [Value] {
    let count = try getCount(ofAtLeast: 1)
    var values: [Value] = []
    for _ in 0..<count { values.append(try read(&self)) }
    return values
  }

  mutating func getCase<Value: RawRepresentable>(
    _ field: String, _ type: Value.Type = Value.self
  ) throws(DecodeError) -> Value where Value.RawValue: FixedWidthInteger {
    let number = try get(Value.RawValue.self)
    guard let value = Value(rawValue: number) else { throw bad(field, "\(number)") }
    return value
  }

  /// One of a list of cases that goes as its place in the list.
  package mutating func getCase<Value>(
    _ field: String, of cases: [Value]
  ) throws(DecodeError) -> Value {
    let index = Int(try get(UInt8.self))
    guard index < cases.count else { throw bad(field, "\(index)") }
    return cases[index]
  }
}

extension WireWriter {
  /// Writes a case as its place in the list of all.
  package mutating func put<Value: CaseIterable & Equatable>(case value: Value) {
    put(UInt8(Value.allCases.enumerated().first { $0.element == value }?.offset ?? 255))
  }
}
