// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The names of a program file's sections, and the text of `.comment`.
///
/// Source: elf(5). Only 64-bit little-endian files; bounded to 512 sections and 64 KiB of names.
struct ElfSections {
  private(set) var names: Set<String> = []
  private(set) var comment = ""

  /// - Returns: nil when the file cannot be read; no names when it is not such a file.
  init?(file path: String) {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return nil }
    defer { close(fd) }
    guard let header = Self.read(fd, at: 0, count: 64),
      header.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1])
    else { return }
    let count = Int(Self.number(header, 60, 2))
    let entrySize = Int(Self.number(header, 58, 2))
    let namesIndex = Int(Self.number(header, 62, 2))
    guard entrySize == 64, count > 0, count <= 512, namesIndex < count,
      let table = Self.read(fd, at: Self.number(header, 40, 8), count: count * 64),
      let text = Self.section(table, namesIndex, fd, limit: 65536)
    else { return }
    for index in 0..<count {
      let start = Int(Self.number(table, index * 64, 4))
      guard start < text.count else { continue }
      let name = String(decoding: text[start...].prefix { $0 != 0 }.prefix(64), as: UTF8.self)
      names.insert(name)
      if name == ".comment", let bytes = Self.section(table, index, fd, limit: 4096) {
        comment = String(decoding: bytes, as: UTF8.self)
      }
    }
  }

  private static func section(
    _ table: [UInt8], _ index: Int, _ fd: Int32, limit: UInt64
  ) -> [UInt8]? {
    let size = min(number(table, index * 64 + 32, 8), limit)
    return read(fd, at: number(table, index * 64 + 24, 8), count: Int(size))
  }

  private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
    bytes[offset..<(offset + count)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// All `count` bytes, or nil.
  private static func read(_ fd: Int32, at offset: UInt64, count: Int) -> [UInt8]? {
    guard let start = off_t(exactly: offset) else { return nil }
    var bytes = [UInt8](repeating: 0, count: count)
    let got = try? systemCall("pread", on: "exe") {
      bytes.withUnsafeMutableBytes { pread(fd, $0.baseAddress, count, start) }
    }
    return got == count ? bytes : nil
  }
}
