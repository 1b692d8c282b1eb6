// SPDX-License-Identifier: Apache-2.0

/// `/proc/net/netstat` and `/proc/net/snmp`: pairs of lines, names and then numbers:
///
///     TcpExt: SyncookiesSent SyncookiesRecv ...
///     TcpExt: 0 0 ...
///
/// Which names there are differs by kernel: a counter is found by its name, and is nil when the
/// kernel does not have it.
///
/// Source: `netstat_seq_show()`, `snmp_seq_show()`.
package enum ProcNetCounters {
  /// - Throws: ``DecodeError/missing(table:field:)`` when the lines of TCP are not there or have
  ///   fewer numbers than names; ``DecodeError/badField(table:field:text:)`` for a number that is
  ///   none.
  package static func decode(
    netstat: [UInt8], snmp: [UInt8]
  ) throws(DecodeError) -> TCPCounters {
    var counters = TCPCounters()
    try read("TcpExt:", in: netstat, table: "/proc/net/netstat", into: &counters)
    try read("Tcp:", in: snmp, table: "/proc/net/snmp", into: &counters)
    return counters
  }

  private static func read(
    _ prefix: String, in text: [UInt8], table: String, into counters: inout TCPCounters
  ) throws(DecodeError) {
    let lines = TextFields.lines(text)
    let matching = lines.filter { $0.starts(with: prefix.utf8) }
    guard matching.count >= 2 else { throw .missing(table: table, field: prefix) }
    let names = TextFields.fields(matching[0])
    let numbers = TextFields.fields(matching[1])
    for (index, field) in names.enumerated().dropFirst() {
      guard let column = column(named: field) else { continue }
      let name = TextFields.text(field)
      guard index < numbers.count else { throw .missing(table: table, field: name) }
      counters[keyPath: column] = try TextFields.number(numbers[index], table: table, name: name)
    }
  }

  private static func column(
    named name: ArraySlice<UInt8>
  ) -> WritableKeyPath<TCPCounters, UInt64?>? {
    switch String(decoding: name, as: UTF8.self) {
    case "ListenOverflows": \.listenOverflows
    case "ListenDrops": \.listenDrops
    case "TCPTimeWaitOverflow": \.timeWaitOverflow
    case "TCPAbortOnMemory": \.abortOnMemory
    case "TCPAbortOnTimeout": \.abortOnTimeout
    case "TCPReqQFullDrop": \.requestQueueFullDrop
    case "TCPReqQFullDoCookies": \.requestQueueFullCookies
    case "RetransSegs": \.retransmittedSegments
    case "OutRsts": \.outResets
    case "ActiveOpens": \.activeOpens
    case "PassiveOpens": \.passiveOpens
    case "AttemptFails": \.attemptFails
    default: nil
    }
  }
}
