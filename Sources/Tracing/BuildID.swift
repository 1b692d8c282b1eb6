// SPDX-License-Identifier: Apache-2.0

/// The number that a linker gives to what it has made: debug information is found by it.
public enum BuildID {
  /// Where debug information of this file is put below `/`, by convention of gdb(1).
  ///
  /// - Parameter read: That many bytes of the file from there on; nil when it has not as many.
  /// - Returns: `/usr/lib/debug/.build-id/3c/af48.debug`; nil without such a number.
  public static func debugPath(
    reading read: (_ offset: UInt64, _ count: Int) -> [UInt8]?
  ) -> String? {
    guard let number = number(reading: read), number.count > 1, number.count <= 64 else {
      return nil
    }
    let digits = number.map { byte in
      let text = String(byte, radix: 16)
      return text.utf8.count == 1 ? "0" + text : text
    }
    return "/usr/lib/debug/.build-id/\(digits[0])/\(digits[1...].joined()).debug"
  }

  /// Source: elf(5). Of 64-bit little-endian files; bounded to 128 pieces and 64 KiB of notes.
  private static func number(
    reading read: (_ offset: UInt64, _ count: Int) -> [UInt8]?
  ) -> [UInt8]? {
    guard let header = read(0, 64), header.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]) else {
      return nil
    }
    let count = Int(value(header, 56, 2))
    guard value(header, 54, 2) == 56, count <= 128,
      let table = read(value(header, 32, 8), count * 56)
    else { return nil }
    for index in 0..<count where value(table, index * 56, 4) == 4 {
      let size = Int(min(value(table, index * 56 + 32, 8), 65536))
      guard let notes = read(value(table, index * 56 + 8, 8), size) else { continue }
      if let found = gnuNote(notes) { return found }
    }
    return nil
  }

  private static func gnuNote(_ notes: [UInt8]) -> [UInt8]? {
    var place = 0
    while place + 12 <= notes.count {
      let nameSize = Int(value(notes, place, 4))
      let size = Int(value(notes, place + 4, 4))
      let start = place + 12 + (nameSize + 3) / 4 * 4
      guard start + size <= notes.count else { return nil }
      if value(notes, place + 8, 4) == 3, nameSize == 4,
        notes[(place + 12)..<(place + 16)].elementsEqual("GNU\0".utf8)
      {
        return Array(notes[start..<(start + size)])
      }
      place = start + (size + 3) / 4 * 4
    }
    return nil
  }

  private static func value(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
    bytes[offset..<(offset + count)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
