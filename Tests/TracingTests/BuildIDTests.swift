// SPDX-License-Identifier: Apache-2.0

import Testing
import Tracing

/// Where debug information of a program file is looked for.
@Suite struct BuildIDTests {
  /// An ELF file with one table of pieces, of which the second has notes.
  private static func file(notes: [UInt8], pieces: UInt16 = 2, kind: UInt32 = 4) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 64 + 2 * 56)
    func put(_ value: some FixedWidthInteger, at place: Int) {
      for index in 0..<(value.bitWidth / 8) {
        bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
      }
    }
    bytes.replaceSubrange(0..<6, with: [0x7f, 0x45, 0x4c, 0x46, 2, 1])
    put(UInt64(64), at: 32)
    put(UInt16(56), at: 54)
    put(pieces, at: 56)
    put(UInt32(1), at: 64)
    put(kind, at: 120)
    put(UInt64(bytes.count), at: 128)
    put(UInt64(notes.count), at: 152)
    return bytes + notes
  }

  private static func note(_ name: String, kind: UInt8, _ words: [UInt8]) -> [UInt8] {
    let padding = [UInt8](repeating: 0, count: (4 - words.count % 4) % 4)
    return [UInt8(name.utf8.count), 0, 0, 0, UInt8(words.count), 0, 0, 0, kind, 0, 0, 0]
      + Array(name.utf8) + words + padding
  }

  private static func path(_ file: [UInt8]) -> String? {
    BuildID.debugPath { offset, count in
      guard count >= 0, offset <= UInt64(file.count), count <= file.count - Int(offset) else {
        return nil
      }
      return Array(file[Int(offset)..<(Int(offset) + count)])
    }
  }

  private static let identity = note("GNU\0", kind: 3, [0x3c, 0xaf, 0x04, 0x80, 0x01])

  @Test func `the number leads to a file below usr lib debug`() {
    #expect(
      Self.path(Self.file(notes: Self.identity)) == "/usr/lib/debug/.build-id/3c/af048001.debug")
  }

  @Test func `notes of others come before it`() {
    let others = Self.note("GNU\0", kind: 5, [1, 2, 3]) + Self.note("Xen\0", kind: 3, [9])
    #expect(
      Self.path(Self.file(notes: others + Self.identity))
        == "/usr/lib/debug/.build-id/3c/af048001.debug")
  }

  @Test(arguments: [
    [], [0x7f], file(notes: []), file(notes: identity, pieces: 0),
    file(notes: identity, pieces: 9999), file(notes: identity, kind: 6),
    file(notes: Array(identity.dropLast(9))), file(notes: note("GNU\0", kind: 3, [1])),
    file(notes: [255, 255, 255, 255, 255, 255, 255, 255, 3, 0, 0, 0]),
  ]) func `a file without one has no such place`(file: [UInt8]) {
    #expect(Self.path(file) == nil)
  }
}
