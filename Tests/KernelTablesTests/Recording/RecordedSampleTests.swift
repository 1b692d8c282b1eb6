// SPDX-License-Identifier: Apache-2.0

import KernelTables
import TestSupport
import Testing

@Suite struct RecordedSampleTests {
  private func files(_ look: RecordedSample) -> [String: [UInt8]] {
    Dictionary(look.files().map { ($0.name, $0.bytes) }, uniquingKeysWith: { first, _ in first })
  }

  private func read(
    _ files: [String: [UInt8]], bounds: RecordingBounds = RecordingBounds()
  ) throws(RecordingError) -> RecordedSample {
    try RecordedSample(files: files, folder: "looks/0001/", bounds: bounds)
  }

  @Test(arguments: 1...23)
  func `every value of every column reads back exactly`(seed: UInt64) throws {
    var random = RandomLooks(seed: seed)
    let look = random.look(sockets: 31)
    let back = try read(files(look))
    #expect(back.sample.takenAt == look.sample.takenAt)
    #expect(back.sample.wallClockSeconds == look.sample.wallClockSeconds)
    #expect(back.sample.states == look.sample.states)
    #expect(back.sample.host == look.sample.host)
    #expect(back.sample.cost == look.sample.cost)
    #expect(back.sample.namespaces == look.sample.namespaces)
    #expect(back.sample.sockets == look.sample.sockets)
    #expect(back.sample.leftOut == look.sample.leftOut)
    #expect(back.sample.connects == look.sample.connects)
    #expect(back.sample.connectTally == look.sample.connectTally)
    #expect(back.sample.gaps == look.sample.gaps)
    #expect(back.report.holders == look.report.holders)
    #expect(back.report.deadSockets == look.report.deadSockets)
    #expect(back.report.processes == look.report.processes)
    #expect(back.report.caught == look.report.caught)
    #expect(back.report.gaps == look.report.gaps)
    #expect(back.report.descriptorsInFlight == look.report.descriptorsInFlight)
    #expect(back.report.isComplete == look.report.isComplete)
    // Equal strings can differ in their bytes (e and its accent); the files may not.
    #expect(back.files() == look.files())
  }

  @Test func `no recorded line has a byte that a terminal would act on`() {
    var random = RandomLooks(seed: 4711)
    for file in random.look(sockets: 101).files() {
      let text = String(decoding: file.bytes, as: UTF8.self)
      let controls = text.unicodeScalars.filter {
        $0.properties.generalCategory == .control && $0 != "\n" && $0 != "\t"
      }
      #expect(controls.isEmpty, "\(file.name)")
    }
  }

  @Test func `a look without anything in it reads back`() throws {
    let sample = Sample(
      takenAt: BootInstant(seconds: 1), wallClockSeconds: 1e9, states: StateSet.all)
    let look = RecordedSample(sample: sample, report: HolderReport())
    #expect(try read(files(look)).files() == look.files())
  }

  /// The files as they would be without a column.
  private func files(
    _ look: RecordedSample, without column: String, of name: String
  ) throws -> [String: [UInt8]] {
    var files = files(look)
    let lines = (files[name] ?? []).split(separator: UInt8(ascii: "\n"))
      .map { $0.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false) }
    let index = try #require(lines[0].firstIndex { $0.elementsEqual(column.utf8) })
    files[name] =
      Array(
        lines.map { cells in
          (cells[..<index] + cells[(index + 1)...]).joined(separator: [UInt8(ascii: "\t")])
        }.joined(separator: [UInt8(ascii: "\n")])) + [UInt8(ascii: "\n")]
    return files
  }

  @Test func `a recording from before images were recorded reads back without them`() throws {
    var random = RandomLooks(seed: 29)
    let look = random.look(sockets: 3)
    let files = try files(look, without: "image", of: RecordTable.processes.file)
    var expected = look.report.processes
    for index in expected.indices { expected[index].imageID = 0 }
    #expect(try read(files).report.processes == expected)
    #expect(expected != look.report.processes)
  }

  @Test func `whether a listener is for IPv6 only is unknown where it was not recorded`() throws {
    var random = RandomLooks(seed: 30)
    var look = random.look(sockets: 310)
    let table = RecordTable.sockets.file
    var old = try files(look, without: "ipv6_only", of: table)
    // Then the fifth bit of what was known had no name.
    let text = String(decoding: old[table] ?? [], as: UTF8.self)
    old[table] =
      Array(
        text.split(separator: "\n").map { "\($0)" }.enumerated().map { number, line in
          number == 0 || !line.hasSuffix("+limit") ? line : line + "+bit5"
        }.joined(separator: "\n").utf8) + [UInt8(ascii: "\n")]
    #expect(String(decoding: old[table] ?? [], as: UTF8.self).contains("bit5"))
    let known = look.sample.sockets.count { $0.knowledge.contains(.ipv6Only) }
    #expect(known > 0)
    for index in look.sample.sockets.indices {
      look.sample.sockets[index].knowledge.remove(.ipv6Only)
      look.sample.sockets[index].isIPv6Only = false
    }
    #expect(try read(old).sample.sockets == look.sample.sockets)
  }

  @Test func `columns in another order mean the same`() throws {
    var random = RandomLooks(seed: 5)
    let look = random.look(sockets: 3)
    var files = files(look)
    let lines = String(decoding: files["ghosts.tsv"] ?? [], as: UTF8.self).split(
      separator: "\n")
    let turned = lines.map { line in
      line.split(separator: "\t").reversed().joined(separator: "\t") + "\n"
    }
    files["ghosts.tsv"] = Array(turned.joined().utf8)
    #expect(try read(files).report.deadSockets == look.report.deadSockets)
  }

  @Test func `a file above the bound of bytes is refused`() {
    var random = RandomLooks(seed: 6)
    var bounds = RecordingBounds()
    bounds.fileBytes = 1000
    let files = files(random.look(sockets: 3))
    #expect(
      throws: RecordingError.tooLarge(
        file: "looks/0001/namespaces.txt", what: "bytes", bound: 1000)
    ) { try read(files, bounds: bounds) }
  }

  @Test func `a table above the bound of rows is refused`() {
    var random = RandomLooks(seed: 6)
    var bounds = RecordingBounds()
    bounds.rows = 3
    let files = files(random.look(sockets: 4))
    #expect(
      throws: RecordingError.tooLarge(file: "looks/0001/sockets.tsv", what: "rows", bound: 3)
    ) { try read(files, bounds: bounds) }
  }

  @Test func `cutting a look anywhere is never read as a whole look`() {
    var random = RandomLooks(seed: 8)
    let whole = files(random.look(sockets: 1))
    for (name, bytes) in whole {
      for length in 0..<bytes.count {
        var cut = whole
        cut[name] = Array(bytes[..<length])
        #expect(throws: RecordingError.self, "\(name) cut to \(length)") { try read(cut) }
      }
    }
  }

  @Test func `flipping any bit never crashes the reader`() {
    var random = RandomLooks(seed: 9)
    let whole = files(random.look(sockets: 2))
    var generator = SeededGenerator(seed: 10)
    var refused = 0
    for (name, bytes) in whole.sorted(by: { $0.key < $1.key }) {
      for _ in 0..<199 {
        var damaged = whole
        let index = Int.random(in: 0..<bytes.count, using: &generator)
        damaged[name]?[index] ^= 1 << UInt8.random(in: 0...7, using: &generator)
        do {
          _ = try read(damaged)
        } catch {
          refused += 1
          #expect(!error.description.contains("\n"))
        }
      }
    }
    #expect(refused > 400)
  }
}
