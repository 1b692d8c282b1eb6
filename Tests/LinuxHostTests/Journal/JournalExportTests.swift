// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@testable import LinuxHost

@Suite struct JournalExportTests {
  private static let stream =
    Array(
      """
      __CURSOR=s=1
      __REALTIME_TIMESTAMP=1764165600500000
      _BOOT_ID=0123456789abcdef0123456789abcdef
      MESSAGE=one
      MESSAGE=1 = one

      __REALTIME_TIMESTAMP=1764165601000000
      _BOOT_ID=0123456789abcdef0123456789abcdef
      MESSAGE

      """.utf8) + [8, 0, 0, 0, 0, 0, 0, 0] + Array("two\n\ntwo\n\n".utf8)

  /// The entries of a stream that comes in pieces of this many bytes.
  private static func records(
    _ stream: [UInt8], pieces: Int
  ) -> (records: [JournalRecord], damaged: Int) {
    var export = JournalExport { $0 == "MESSAGE" }
    var records: [JournalRecord] = []
    for start in stride(from: 0, to: stream.count, by: pieces) {
      _ = export.take(stream[start..<min(stream.count, start + pieces)]) {
        records.append($0)
        return true
      }
    }
    if let last = export.finish() { records.append(last) }
    return (records, export.damaged)
  }

  @Test(arguments: [1, 2, 7, 1000])
  func `entries are read however the stream is cut, values with line feeds too`(pieces: Int) {
    let (records, damaged) = Self.records(Self.stream, pieces: pieces)
    #expect(records.map(\.wallSeconds) == [1_764_165_600.5, 1_764_165_601])
    #expect(records.map { $0.fields.map(\.value) } == [["one", "1 = one"], ["two\n\ntwo"]])
    #expect(records.first?.bootID == "0123456789abcdef0123456789abcdef")
    #expect(damaged == 0)
  }

  @Test func `an entry without a time is counted and left out`() {
    let (records, damaged) = Self.records(Array("MESSAGE=x\n\n".utf8), pieces: 100)
    #expect(records.isEmpty && damaged == 1)
  }

  @Test func `a length that cannot be ends the reading`() {
    var export = JournalExport { _ in true }
    let piece = Array("MESSAGE\n".utf8) + [UInt8](repeating: 255, count: 8)
    #expect(!export.take(piece[...]) { _ in true })
  }

  @Test func `without the program that reads the journal, the error says so`() {
    var reader = JournalReader(.local, program: "/nonexistent/journalctl")
    let error = #expect(throws: HostError.self) { try reader.newest() }
    #expect(
      error?.description.hasPrefix(
        "cannot read the journal: there is no program /nonexistent/journalctl on this machine")
        == true)
  }

  @Test func `an entry is a datagram of lines, those with line feeds by their length`() {
    let bytes = JournalDatagram.bytes(of: [("A", "one"), ("B", "1\n2")])
    #expect(bytes == Array("A=one\nB\n".utf8) + [3, 0, 0, 0, 0, 0, 0, 0] + Array("1\n2\n".utf8))
  }
}
