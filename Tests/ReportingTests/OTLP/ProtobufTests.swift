// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Reporting

/// The bytes of protobuf. Expected ones are those of its documentation, or were written by its
/// Python library.
@Suite struct ProtobufTests {
  private func bytes(_ body: (inout ProtobufWriter) -> Void) -> [UInt8] {
    var writer = ProtobufWriter()
    body(&writer)
    return writer.bytes
  }

  @Test func `fields are written as the documentation has them`() {
    #expect(bytes { $0.number(1, 150) } == [0x08, 0x96, 0x01])
    #expect(bytes { $0.text(2, "testing") } == [0x12, 0x07] + Array("testing".utf8))
    #expect(bytes { $0.message(3) { $0.number(1, 150) } } == [0x1a, 0x03, 0x08, 0x96, 0x01])
    #expect(bytes { $0.fixed(3, 1) } == [0x19, 1, 0, 0, 0, 0, 0, 0, 0])
    #expect(bytes { $0.double(4, 1.5) } == [0x21, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f])
    // Two's complement in ten bytes; a field above 15 has a key of two.
    #expect(bytes { $0.number(1, -1) } == [0x08] + [UInt8](repeating: 0xff, count: 9) + [0x01])
    #expect(bytes { $0.number(16, 1) } == [0x80, 0x01, 0x01])
  }

  @Test func `a default is left out, but not the value of a choice`() {
    #expect(bytes { $0.number(1, 0) } == [])
    #expect(bytes { $0.fixed(1, 0) } == [])
    #expect(bytes { $0.text(1, "") } == [])
    #expect(bytes { $0.message(1) { _ in } } == [0x0a, 0])
    #expect(bytes { $0.double(1, 0) } == [0x09, 0, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test func `what is long has its length in more than one byte`() {
    let text = String(repeating: "x", count: 300)
    #expect(bytes { $0.text(1, text) } == [0x0a, 0xac, 0x02] + Array(text.utf8))
  }

  @Test func `a reader finds the fields again, in their order`() {
    let message = bytes { writer in
      writer.number(1, 150)
      writer.fixed(7, 9)
      writer.text(2, "testing")
      writer.number(1, -1)
    }
    var reader = ProtobufReader(message[...])
    var found: [String] = []
    while let field = reader.next() {
      switch field {
      case .number(let number, let value): found.append("\(number)=\(value)")
      case .delimited(let number, let bytes):
        found.append("\(number)=" + String(decoding: bytes, as: UTF8.self))
      case .other: found.append("other")
      }
    }
    #expect(found == ["1=150", "other", "2=testing", "1=\(UInt64.max)"])
  }

  /// A length past the end, one that no Int holds, a varint without an end, groups, field 0.
  @Test(
    arguments: [
      [0x12, 0x07, 0x41], [0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x41],
      [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], [0x0b, 0x0c],
      [0x00, 0x01], [0x09, 1, 2], [0x0d, 1, 2], [0x80], [0x0e],
    ] as [[UInt8]])
  func `what is no message ends the reading`(_ bytes: [UInt8]) {
    var reader = ProtobufReader(bytes[...])
    var fields = 0
    while reader.next() != nil { fields += 1 }
    #expect(fields == 0)
  }
}
