// SPDX-License-Identifier: Apache-2.0

/// Reads the fields of a message of protobuf that a stranger wrote.
struct ProtobufReader {
  /// A field of the message.
  enum Field {
    case number(Int, UInt64)
    case delimited(Int, ArraySlice<UInt8>)
    /// A number of fixed size, of which nothing that is asked for here is one.
    case other
  }

  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// The next field; nil at the end, and where it is no message.
  mutating func next() -> Field? {
    guard let key = varint(), let number = Int(exactly: key >> 3), number > 0 else { return nil }
    switch ProtobufWriter.WireType(rawValue: key & 7) {
    case .varint: return varint().map { .number(number, $0) }
    case .fixed64: return take(8).map { _ in .other }
    case .fixed32: return take(4).map { _ in .other }
    case .delimited:
      guard let size = varint().flatMap({ Int(exactly: $0) }) else { return nil }
      return take(size).map { .delimited(number, $0) }
    // Groups, which proto3 has not.
    case nil: return nil
    }
  }

  private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  private mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = rest.popFirst() else { return nil }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }
}
