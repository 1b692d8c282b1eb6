// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// The table by which a Go program names its own stacks: `.gopclntab`.
///
/// Stripping leaves it (`go build -ldflags '-s -w'`), as the runtime needs it, and libdw does not
/// read it. Layouts: runtime/symtab.go and debug/gosym. Tables of Go 1.15, 1.19 and 1.26 were read
/// and say what their runtimes do; 1.16 and 1.17 are as their source has it.
package struct GoFunctionTable<Memory: ProgramMemory> {
  /// How a table is laid out: by the first Go that wrote it so.
  enum Layout: UInt32 {
    case go1_2 = 0xffff_fffb
    case go1_16 = 0xffff_fffa
    case go1_18 = 0xffff_fff0
    case go1_20 = 0xffff_fff1
  }

  /// Where the parts of a table begin, as addresses.
  struct Parts {
    var names: UInt64
    var units: UInt64
    var files: UInt64
    var steps: UInt64
    var functions: UInt64
  }

  let memory: Memory
  let address: UInt64
  let layout: Layout
  let parts: Parts
  let count: UInt64
  /// The smallest instruction: counts of the table are of these.
  let quantum: UInt64
  /// What the table's offsets of functions count from; 0 where it has their addresses.
  private(set) var textStart: UInt64 = 0
  /// What offsets of data of a function count from; nil while unknown.
  private(set) var functionData: UInt64?

  /// - Parameters:
  ///   - address: Of the section, in `memory`.
  ///   - data: Where the runtime's own description of the program may be: `.go.module`,
  ///     `.noptrdata`, `.data`. Without it calls that the compiler inlined have no names.
  /// - Throws: ``DecodeError`` when there is no table, or one of a Go that is unknown.
  package init(
    at address: UInt64, in memory: Memory, data: [Range<UInt64>] = []
  ) throws(DecodeError) {
    let what = "a Go function table"
    guard let header = memory.bytes(at: address, count: 8) else {
      throw DecodeError.truncated(what: what, needed: 8, got: 0)
    }
    guard let magic: UInt32 = memory.number(at: address), let layout = Layout(rawValue: magic),
      header[4] == 0, header[5] == 0
    else {
      let text = header.map { String($0, radix: 16) }.joined(separator: " ")
      throw DecodeError.badField(table: what, field: "header", text: text)
    }
    guard [1, 2, 4].contains(header[6]) else {
      throw DecodeError.badField(table: what, field: "quantum", text: "\(header[6])")
    }
    guard header[7] == 8 else {
      throw DecodeError.badField(table: what, field: "pointer size", text: "\(header[7])")
    }
    let words = (0..<8).map { memory.number(at: address &+ 8 &+ $0 * 8, UInt64.self) ?? 0 }
    self.memory = memory
    self.address = address
    self.layout = layout
    quantum = UInt64(header[6])
    // More functions than fit into what a section can be are none.
    guard words[0] < 1 << 32 else {
      throw DecodeError.badField(table: what, field: "functions", text: "\(words[0])")
    }
    count = words[0]
    parts = Self.parts(at: address, words, layout, count, memory)
    if layout == .go1_18 || layout == .go1_20 { textStart = words[2] }
    if layout != .go1_2 { describe(data) }
  }

  private static func parts(
    at address: UInt64, _ words: [UInt64], _ layout: Layout, _ count: UInt64, _ memory: Memory
  ) -> Parts {
    guard layout == .go1_2 else {
      let first = layout == .go1_16 ? 2 : 3
      let starts = words[first..<(first + 5)].map { address &+ $0 }
      return Parts(
        names: starts[0], units: starts[1], files: starts[2], steps: starts[3],
        functions: starts[4])
    }
    // The address of the table of files follows that of the last function's end.
    let files: UInt32 = memory.number(at: address &+ 16 &+ count &* 16 &+ 8) ?? 0
    return Parts(
      names: address, units: 0, files: address &+ UInt64(files), steps: address,
      functions: address &+ 16)
  }

  /// Finds the runtime's description of the program (`moduledata`) by its first two words: the
  /// table, and the table's names.
  private mutating func describe(_ data: [Range<UInt64>]) {
    let piece = 1 << 16
    for range in data {
      // No program has been seen with more than a few MB of it.
      for start in stride(
        from: range.lowerBound, to: min(range.upperBound, range.lowerBound &+ 1 << 26), by: piece)
      {
        let count = Int(min(UInt64(piece), range.upperBound - start))
        guard let bytes = memory.bytes(at: start, count: count) else { break }
        let words = StoredMemory(bytes)
        for offset in stride(from: 0, to: UInt64(bytes.count), by: 8)
        where words.number(at: offset) == address {
          if describe(at: start &+ offset) { return }
        }
      }
    }
  }

  private mutating func describe(at module: UInt64) -> Bool {
    func word(_ index: UInt64) -> UInt64? { memory.number(at: module &+ index * 8) }
    guard word(1) == parts.names, let text = word(22), let end = word(23), text < end else {
      return false
    }
    switch layout {
    case .go1_2, .go1_16: return true
    case .go1_18: functionData = word(38)
    case .go1_20: functionData = word(40)
    }
    // A position independent program's file, and Go 1.26, leave it out of the table.
    if textStart == 0 { textStart = text }
    return true
  }
}

extension GoFunctionTable {
  /// The table of a program that runs, or of its file alone.
  ///
  /// - Parameters:
  ///   - file: The program's file, for where its sections are.
  ///   - memory: The process, or the file as it is loaded.
  ///   - bias: How far the process has it from where the linker put it.
  /// - Returns: nil when it is no Go program.
  /// - Throws: ``DecodeError`` when it is one of a Go that is unknown.
  package static func find<File>(
    in file: ELFFile<File>, memory: Memory, bias: UInt64 = 0
  ) throws(DecodeError) -> GoFunctionTable? {
    guard let section = file.goFunctionTable else { return nil }
    let data = [".go.module", ".noptrdata", ".data"].compactMap { name -> Range<UInt64>? in
      guard let part = file.section(name) else { return nil }
      let (start, end) = (part.address &+ bias, part.address &+ bias &+ part.size)
      return start <= end ? start..<end : nil
    }
    var table = try GoFunctionTable(at: section.address &+ bias, in: memory, data: data)
    if table.textStart == 0, let text = file.section(".text") {
      table.textStart = text.address &+ bias
    }
    return table
  }
}

extension ELFFile {
  /// Where a Go program has the table of its functions; nil when it is none.
  package var goFunctionTable: Part? {
    section(".gopclntab") ?? section(".data.rel.ro.gopclntab")
  }
}
