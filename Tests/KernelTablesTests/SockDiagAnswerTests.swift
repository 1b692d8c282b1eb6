// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@Suite struct SockDiagAnswerTests {
  private static func answer(states: StateSet = .all) -> SockDiagAnswer {
    SockDiagAnswer(
      namespace: NetnsID(rawValue: 1), sequence: 7, port: 4242, states: states)
  }

  @Test func `rows go on until DONE`() {
    var answer = Self.answer()
    var rows: [SocketRow] = []
    let datagram =
      DiagBytes.message(DiagBytes.socket(inode: 11))
      + DiagBytes.message(DiagBytes.socket(inode: 13) + DiagBytes.attribute(8, [1]))
    #expect(answer.read(datagram.span.bytes, into: &rows) == .more)
    let end = DiagBytes.message(type: 3, DiagBytes.bytes(Int32(0)))
    #expect(answer.read(end.span.bytes, into: &rows) == .done)
    #expect(rows.map(\.inode) == [11, 13])
    #expect(answer.undecodable == 0)
    #expect(!answer.wasInterrupted)
  }

  @Test func `a DONE that carries an errno is a failure`() {
    var answer = Self.answer()
    var rows: [SocketRow] = []
    let end = DiagBytes.message(type: 3, DiagBytes.bytes(Int32(-12)))
    #expect(answer.read(end.span.bytes, into: &rows) == .failed(errno: 12))
  }

  @Test func `an ERROR is a failure`() {
    var answer = Self.answer()
    var rows: [SocketRow] = []
    let end = DiagBytes.message(type: 2, DiagBytes.bytes(Int32(-2)))
    #expect(answer.read(end.span.bytes, into: &rows) == .failed(errno: 2))
  }

  @Test(arguments: [(8, 4242), (7, 4243)] as [(UInt32, UInt32)])
  func `messages of another request or another socket are not believed`(
    sequence: UInt32, port: UInt32
  ) {
    var answer = Self.answer()
    var rows: [SocketRow] = []
    let datagram =
      DiagBytes.message(sequence: sequence, port: port, DiagBytes.socket())
      + DiagBytes.message(type: 3, sequence: sequence, port: port, [0, 0, 0, 0])
    #expect(answer.read(datagram.span.bytes, into: &rows) == .more)
    #expect(rows.isEmpty)
    #expect(answer.strayMessages == 2)
  }

  @Test func `a table that changed under the dump is noted`() {
    var answer = Self.answer()
    var rows: [SocketRow] = []
    let datagram = DiagBytes.message(flags: 0x12, DiagBytes.socket())
    _ = answer.read(datagram.span.bytes, into: &rows)
    #expect(answer.wasInterrupted)
    #expect(rows.count == 1)
  }

  @Test func `a damaged message does not cost the next one`() {
    var answer = Self.answer()
    var rows: [SocketRow] = []
    let datagram =
      DiagBytes.message(DiagBytes.socket(family: 1))
      + DiagBytes.message(DiagBytes.socket(inode: 17))
    _ = answer.read(datagram.span.bytes, into: &rows)
    #expect(rows.map(\.inode) == [17])
    #expect(answer.undecodable == 1)
  }

  @Test func `known states that were not asked for are dropped, unknown ones kept`() {
    var answer = Self.answer(states: StateSet(.closeWait))
    var rows: [SocketRow] = []
    let datagram =
      DiagBytes.message(DiagBytes.socket(state: 1)) + DiagBytes.message(DiagBytes.socket(state: 8))
      + DiagBytes.message(DiagBytes.socket(state: 14))
    _ = answer.read(datagram.span.bytes, into: &rows)
    #expect(rows.map(\.state.rawValue) == [8, 14])
  }

  @Test func `every cut of a valid datagram ends without a trap and invents no row`() {
    let datagram =
      DiagBytes.message(DiagBytes.socket() + DiagBytes.attribute(2, DiagBytes.info()))
      + DiagBytes.message(type: 3, DiagBytes.bytes(Int32(0)))
    for length in 0..<datagram.count {
      var answer = Self.answer()
      var rows: [SocketRow] = []
      let progress = answer.read(
        datagram.span.bytes.extracting(first: length), into: &rows)
      #expect(progress == .more)
      #expect(rows.count <= 1)
      #expect(length == 0 || length == datagram.count - 20 || answer.undecodable == 1)
    }
  }
}
