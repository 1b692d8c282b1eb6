// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// What the readers of runtimes ask of a program's file: where a section lies, and a symbol.
///
/// They ask in the process that may read other programs, so that this is code in which a hostile
/// file cannot do harm, and not a library in C. Layouts: elf(5). As ``ProgramMemory`` it has the
/// bytes of the file at the addresses that the linker gave them.
package struct ELFFile<File: ProgramMemory>: ProgramMemory {
  /// A part of the file, with the address that the linker gave it.
  package struct Part: Hashable, Sendable {
    package var name: String
    package var address: UInt64
    package var offset: UInt64
    package var size: UInt64
    /// The table of strings that belongs to a table of symbols: its place among ``sections``.
    var link: Int
  }

  package let sections: [Part]
  /// What is loaded, with how much of it is in the file.
  package let segments: [Part]
  private let file: File
  /// What the loader writes, by address.
  private var relocations: [(address: UInt64, value: UInt64)] = []

  /// - Parameter file: Its bytes, by their offset.
  /// - Throws: ``DecodeError`` when it is no 64-bit ELF file of this byte order.
  package init(_ file: File) throws(DecodeError) {
    self.file = file
    guard let header = file.bytes(at: 0, count: 64) else {
      throw DecodeError.truncated(what: "an ELF header", needed: 64, got: 0)
    }
    // Magic, 64 bits, little-endian.
    guard header[..<6] == [0x7f, 0x45, 0x4c, 0x46, 2, 1] else {
      let text = header[..<6].map { String($0, radix: 16) }.joined(separator: " ")
      throw DecodeError.badField(table: "an ELF header", field: "identification", text: text)
    }
    let fields = StoredMemory(header)
    segments = Self.segments(
      of: file, at: fields.number(at: 32) ?? 0, count: fields.number(at: 56) ?? 0)
    sections = Self.sections(
      of: file, at: fields.number(at: 40) ?? 0, count: fields.number(at: 60) ?? 0,
      names: fields.number(at: 62) ?? 0)
  }

  /// The same with what the loader of a position independent program would write into it: of a
  /// large one a million words.
  package func asLoaded() -> ELFFile {
    var loaded = self
    // Go's own linker calls it by the short name.
    for name in [".rela.dyn", ".rela"] {
      guard let part = section(name) else { continue }
      loaded.relocations += Self.relocations(of: file, in: part)
    }
    loaded.relocations.sort { $0.address < $1.address }
    return loaded
  }

  package func section(_ name: String) -> Part? { sections.first { $0.name == name } }

  package func bytes(at address: UInt64, count: Int) -> [UInt8]? {
    for segment in segments where address >= segment.address {
      let first = address - segment.address
      if count >= 0, first <= segment.size, UInt64(count) <= segment.size - first {
        guard let bytes = file.bytes(at: segment.offset &+ first, count: count) else { return nil }
        return relocated(bytes, at: address)
      }
    }
    return nil
  }

  private func relocated(_ bytes: [UInt8], at address: UInt64) -> [UInt8] {
    var low = 0
    var high = relocations.count
    while low < high {
      let middle = (low + high) / 2
      if relocations[middle].address < address { low = middle + 1 } else { high = middle }
    }
    var bytes = bytes
    for (place, value) in relocations[low...] {
      guard place - address < UInt64(bytes.count) else { break }
      let first = Int(place - address)
      for index in 0..<8 where first + index < bytes.count {
        bytes[first + index] = UInt8(truncatingIfNeeded: value >> UInt64(index * 8))
      }
    }
    return bytes
  }

  /// The address of a symbol, of those that others link with: what an interpreter's extensions need
  /// is among them. Of all symbols a large program has a million.
  package func address(ofSymbol name: String) -> UInt64? {
    let wanted = Array(name.utf8) + [0]
    for table in sections where table.name == ".dynsym" {
      guard sections.indices.contains(table.link) else { continue }
      let names = sections[table.link]
      if let found = address(of: wanted, in: table, names: names) { return found }
    }
    return nil
  }

  private func address(of wanted: [UInt8], in table: Part, names: Part) -> UInt64? {
    let size = 24
    var offset: UInt64 = 0
    // A page of symbols a read, and no more than a large program has: Chromium has a million.
    while offset < min(table.size, UInt64(4_000_000 * size)) {
      let count = min(table.size - offset, UInt64(256 * size))
      guard let symbols = file.bytes(at: table.offset &+ offset, count: Int(count)) else {
        return nil
      }
      let page = StoredMemory(symbols)
      for start in stride(from: 0, to: UInt64(symbols.count), by: size) {
        guard let name: UInt32 = page.number(at: start),
          let value: UInt64 = page.number(at: start + 8), value != 0,
          UInt64(name) < names.size,
          file.bytes(at: names.offset &+ UInt64(name), count: wanted.count) == wanted
        else { continue }
        return value
      }
      offset += count
    }
    return nil
  }

  private static func relocations(
    of file: File, in part: Part
  ) -> [(address: UInt64, value: UInt64)] {
    // Chromium has half a million.
    let count = min(part.size / 24, 4_000_000)
    guard let bytes = file.bytes(at: part.offset, count: Int(count * 24)) else { return [] }
    let table = StoredMemory(bytes)
    var result: [(address: UInt64, value: UInt64)] = []
    for start in stride(from: 0, to: count * 24, by: 24) {
      // R_X86_64_RELATIVE
      guard let kind: UInt64 = table.number(at: start + 8), kind == 8,
        let address: UInt64 = table.number(at: start),
        let value: UInt64 = table.number(at: start + 16)
      else { continue }
      result.append((address, value))
    }
    return result
  }

  private static func segments(of file: File, at offset: UInt64, count: UInt16) -> [Part] {
    (0..<UInt64(count)).compactMap { index in
      guard let header = file.bytes(at: offset &+ index * 56, count: 56) else { return nil }
      let fields = StoredMemory(header)
      // PT_LOAD
      guard let kind: UInt32 = fields.number(at: 0), kind == 1,
        let start: UInt64 = fields.number(at: 8), let address: UInt64 = fields.number(at: 16),
        let size: UInt64 = fields.number(at: 32)
      else { return nil }
      return Part(name: "", address: address, offset: start, size: size, link: 0)
    }
  }

  private static func sections(
    of file: File, at offset: UInt64, count: UInt16, names: UInt16
  ) -> [Part] {
    let parts = (0..<UInt64(count)).compactMap { index -> (name: UInt32, part: Part)? in
      guard let header = file.bytes(at: offset &+ index * 64, count: 64) else { return nil }
      let fields = StoredMemory(header)
      guard let name: UInt32 = fields.number(at: 0), let address: UInt64 = fields.number(at: 16),
        let start: UInt64 = fields.number(at: 24), let size: UInt64 = fields.number(at: 32),
        let link: UInt32 = fields.number(at: 40)
      else { return nil }
      return (name, Part(name: "", address: address, offset: start, size: size, link: Int(link)))
    }
    guard parts.indices.contains(Int(names)) else { return [] }
    let texts = parts[Int(names)].part.offset
    return parts.map { name, part in
      var part = part
      part.name = file.text(at: texts &+ UInt64(name), limit: 128) ?? ""
      return part
    }
  }
}
