// SPDX-License-Identifier: Apache-2.0

/// Writes a message of protobuf: the few kinds of fields that OTLP's metrics have.
///
/// Source: protobuf.dev, "Encoding". The Decisions say why there is no library.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  /// How a value is written: the lower three bits of a field's key.
  enum WireType: UInt64 {
    case varint = 0
    case fixed64 = 1
    case delimited = 2
    case fixed32 = 5
  }

  /// `uint64`, `int64`, `bool`, an enum. A default is left out, as proto3 has it.
  mutating func number(_ field: Int, _ value: Int64) {
    guard value != 0 else { return }
    key(field, .varint)
    varint(UInt64(bitPattern: value))
  }

  /// `fixed64`. A default is left out.
  mutating func fixed(_ field: Int, _ value: UInt64) {
    guard value != 0 else { return }
    key(field, .fixed64)
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// A `double` of a oneof: 0 is a value, and written.
  mutating func double(_ field: Int, _ value: Double) {
    key(field, .fixed64)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// A `string`. A default is left out.
  mutating func text(_ field: Int, _ value: String) {
    guard !value.isEmpty else { return }
    delimited(field, value.utf8)
  }

  /// A message within, also an empty one.
  mutating func message(_ field: Int, _ body: (inout ProtobufWriter) -> Void) {
    var inner = ProtobufWriter()
    body(&inner)
    delimited(field, inner.bytes)
  }

  /// The fields of another writer, as they are.
  mutating func append(_ fields: ProtobufWriter) { bytes.append(contentsOf: fields.bytes) }

  private mutating func delimited(_ field: Int, _ content: some Collection<UInt8>) {
    key(field, .delimited)
    varint(UInt64(content.count))
    bytes.append(contentsOf: content)
  }

  private mutating func key(_ field: Int, _ type: WireType) {
    varint(UInt64(field) << 3 | type.rawValue)
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
