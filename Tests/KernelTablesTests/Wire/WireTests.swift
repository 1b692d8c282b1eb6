// SPDX-License-Identifier: Apache-2.0

import KernelTables
import TestSupport
import Testing

/// Looks and questions on their way from one process to another.
@Suite struct WireTests {
  /// All that `write` writes, by way of pieces.
  private func bytes(_ write: (inout WireWriter) -> Void) -> [UInt8] {
    var whole = WireWriter()
    write(&whole)
    return whole.bytes
  }

  private func answer(_ bytes: [UInt8]) throws(DecodeError) -> HostAnswer {
    try WireReader.value(of: bytes) { reader throws(DecodeError) in try HostAnswer(from: &reader) }
  }

  /// A sample's or a report's stored properties in words; two that read the same are the same.
  private func words(_ answer: HostAnswer) -> String { String(reflecting: answer) }

  @Test(arguments: 1...9 as ClosedRange<UInt64>)
  func `a look and its holders arrive as they were sent`(_ seed: UInt64) throws {
    var random = RandomLooks(seed: seed)
    var look = random.look(sockets: 61)
    look.sample.leftOut = [RowsLeftOut(NetnsID(rawValue: 9), .timeWait, count: 2_000_000)]
    look.report.unprovedDeadSockets = 7
    look.report.cost.wallMilliseconds = 1.5
    let hunt = OpenerHunt(
      namespace: NetnsID(rawValue: 9), remote: Endpoint(.loopbackIPv6, 443), milliseconds: 250)
    look.report.caught = [
      CaughtOpener(
        hunt: hunt, process: ProcessID(pid: 7, startTicks: .max), connections: 3)
    ]
    for sent in [HostAnswer.sample(look.sample), .holders(look.report)] {
      let bytes = bytes { sent.write(to: &$0) }
      #expect(words(try answer(bytes)) == words(sent))
    }
  }

  @Test func `a hundred of the least that there can be of each arrive`() throws {
    var sample = Sample(
      takenAt: BootInstant(nanoseconds: 1), wallClockSeconds: 0, states: .all)
    sample.namespaces = (0..<100).map { NamespaceSample(id: NetnsID(rawValue: $0)) }
    sample.gaps = (0..<100).map { _ in Gap(.callStuck, count: 1, detail: "") }
    sample.connects = (Int32(0)..<100).map { number in
      ConnectCount(
        namespace: NetnsID(rawValue: 0), remote: Endpoint(.anyIPv4, 0),
        process: ProcessID(pid: number, startTicks: 0))
    }
    var report = HolderReport()
    report.processes = (Int32(0)..<100).map { ProcessRecord(id: ProcessID(pid: $0, startTicks: 0)) }
    report.deadSockets = (Int32(0)..<100).map { number in
      DeadDescriptor(inode: 0, process: ProcessID(pid: 1, startTicks: 0), fd: number)
    }
    report.caught = (Int32(0)..<100).map { number in
      let hunt = OpenerHunt(
        namespace: NetnsID(rawValue: 0), remote: Endpoint(.anyIPv4, 0), milliseconds: 0)
      return CaughtOpener(
        hunt: hunt, process: ProcessID(pid: number, startTicks: 0), connections: 0)
    }
    report.gaps = sample.gaps
    report.descendants = .max
    report.unreadable = report.processes
    for sent in [HostAnswer.sample(sample), .holders(report)] {
      let bytes = bytes { sent.write(to: &$0) }
      #expect(words(try answer(bytes)) == words(sent))
    }
    var search = HolderSearch()
    search.hunts = report.caught.map(\.hunt)
    let question = HostRequest(.holders(search), by: .never)
    let bytes = bytes { question.write(to: &$0) }
    let came = try WireReader.value(of: bytes) { reader throws(DecodeError) in
      try HostRequest(from: &reader)
    }
    #expect(came == question)
  }

  @Test func `a question arrives as it was sent`() throws {
    var search = HolderSearch()
    search.inodes = [1, .max, 4_026_531_840]
    search.completeness = .firstHolder
    search.deadSockets = .of([1, .max])
    search.ancestor = 812
    search.helpers = [813, 1]
    search.likely = [3, 2]
    search.records = [4]
    search.detail = .identity
    search.arguments = true
    search.hunts = [
      OpenerHunt(
        namespace: NetnsID(rawValue: 9), remote: Endpoint(.loopbackIPv4, 80), milliseconds: 1)
    ]
    var everySocket = HolderSearch()
    everySocket.wantsEverySocket = true
    var sample = SampleRequest()
    sample.states = StateSet(.closeWait)
    sample.source = .proc
    sample.namespaces = .only("blue \u{1f600}")
    var family = SampleRequest()
    family.namespaces = .ofDescendants(of: .max)
    let questions: [HostRequest.Question] = [
      .holders(search), .holders(everySocket), .holders(HolderSearch()), .sample(sample),
      .sample(family), .sample(SampleRequest()),
    ]
    for question in questions {
      let sent = HostRequest(question, by: .never)
      let bytes = bytes { sent.write(to: &$0) }
      let came = try WireReader.value(of: bytes) { reader throws(DecodeError) in
        try HostRequest(from: &reader)
      }
      #expect(came == sent)
    }
  }

  @Test func `what is handed on in pieces is what is written at once`() throws {
    var random = RandomLooks(seed: 3)
    let sent = HostAnswer.sample(random.look(sockets: 4000).sample)
    var pieces: [[UInt8]] = []
    withoutActuallyEscaping({ (piece: [UInt8]) in pieces.append(piece) }) { handOn in
      var writer = WireWriter(handOn: handOn)
      sent.write(to: &writer)
      writer.finish()
    }
    #expect(pieces.count > 2)
    #expect(Array(pieces.joined()) == bytes { sent.write(to: &$0) })
  }

  @Test func `a row of a large table takes at most 80 bytes on its way`() throws {
    var row = SocketRow()
    row.cookie = .max
    row.inode = UInt64(UInt32.max)
    row.cgroupID = 77
    row.localAddress = .loopbackIPv4
    row.remoteAddress = .loopbackIPv4
    row.bytesAcked = 4_000_000_000
    row.bytesReceived = 1
    row.receiveQueue = 1
    row.timerMilliseconds = 7
    row.segmentsOut = 1
    var sample = Sample(
      takenAt: BootInstant(seconds: 1), wallClockSeconds: 0, states: .all)
    sample.sockets = Array(repeating: row, count: 10_000)
    let size = bytes { HostAnswer.sample(sample).write(to: &$0) }.count
    #expect(size <= 80 * 10_000)
    // In the process that has looked and in the one that asked, together.
    #expect(size / 10_000 + MemoryLayout<SocketRow>.stride <= 200)
  }

  @Test(arguments: [(0, 0x06, 12), (0, 0x60, 12), (1, 0x06, 24), (1, 0x20, 12)])
  func `a row that has a number in two widths is refused, not read past its end`(
    _ flags: (byte: Int, both: UInt8, size: Int)
  ) throws {
    // The count of rows, the namespace and the length of the run come before.
    var row = SocketRow()
    row.cookie = 1
    var bytes = bytes { $0.put([row]) }
    bytes[14 + flags.byte] |= flags.both
    bytes += Array(repeating: 0, count: flags.size)
    #expect(throws: DecodeError.self) {
      try WireReader.value(of: bytes) { reader throws(DecodeError) in try reader.getRows() }
    }
  }

  @Test(arguments: [0x40, 0x80] as [UInt8])
  func `the first row cannot be like the one before`(_ same: UInt8) throws {
    let rows = [SocketRow](repeating: SocketRow(), count: 2)
    var bytes = bytes { $0.put(rows) }
    let read = { (bytes: [UInt8]) throws(DecodeError) in
      try WireReader.value(of: bytes) { reader throws(DecodeError) in try reader.getRows() }
    }
    #expect(try read(bytes) == rows)
    bytes[15] |= same
    // There is enough left for it at its longest.
    bytes += Array(repeating: 0, count: 8)
    #expect {
      try read(bytes)
    } throws: {
      "\($0)".contains("first")
    }
  }

  @Test(arguments: 0..<8)
  func `rows that are partly like the one before arrive`(_ parts: Int) throws {
    var other = SocketRow()
    other.localAddress = .loopbackIPv6
    var rows = [SocketRow(), other, other, SocketRow(), SocketRow()]
    for index in rows.indices where index % 2 == 0 {
      if parts & 1 != 0 { rows[index].uid = 7 }
      if parts & 2 != 0 { rows[index].cgroupID = 7 }
      if parts & 4 != 0 { rows[index].cookie = .max }
    }
    // In a namespace of its own, a row begins another run.
    rows[3].namespace = NetnsID(rawValue: 9)
    let came = try WireReader.value(of: bytes { $0.put(rows) }) { reader throws(DecodeError) in
      try reader.getRows()
    }
    #expect(came == rows)
  }

  @Test func `bytes that were changed or cut end in a value or an error`() throws {
    var random = RandomLooks(seed: 5)
    let look = random.look(sockets: 5)
    var generator = SeededGenerator(seed: 11)
    for sent in [HostAnswer.sample(look.sample), .holders(look.report)] {
      let whole = bytes { sent.write(to: &$0) }
      for cut in 0..<whole.count {
        #expect(throws: DecodeError.self) { try answer(Array(whole[..<cut])) }
      }
      for _ in 0..<500 {
        var changed = whole
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
          let index = Int.random(in: 0..<changed.count, using: &generator)
          changed[index] =
            [0, 0xff, .random(in: 0...255, using: &generator)]
            .randomElement(using: &generator) ?? 0
        }
        if let came = try? answer(changed) { #expect(!words(came).isEmpty) }
      }
    }
  }
}
