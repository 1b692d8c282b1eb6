// SPDX-License-Identifier: Apache-2.0

/// What libFuzzer calls. The program is built once for each decoder, which `-D` chooses.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = [UInt8](UnsafeBufferPointer(start: start, count: count))
  #if SOCK_DIAG
    sockDiag(input)
  #elseif PROC_NET_TCP
    procNetTCP(input)
  #elseif SOCKSTAT
    sockstat(input)
  #elseif COUNTERS
    counters(input)
  #elseif SYSCTL
    sysctl(input)
  #elseif NS_LINK
    namespaceLink(input)
  #endif
  return 0
}

/// Whatever the bytes: no trap, no loop, no row without its 88 bytes, each row printable and dated.
private func sockDiag(_ input: [UInt8]) {
  var answer = SockDiagAnswer(
    namespace: NetnsID(rawValue: 1), sequence: 7, port: 4242, states: .all)
  var rows: [SocketRow] = []
  _ = answer.read(input.span.bytes, into: &rows)
  precondition(rows.count * 88 <= input.count)
  for row in rows {
    let age = row.age()
    precondition(age.seconds >= 0 && age.seconds.isFinite)
    precondition(!"\(row.local)\(row.remote)\(row.state)".isEmpty)
  }
  let before = rows.count
  let removed = UniqueRows.compact(&rows, from: 0)
  precondition(rows.count + removed == before)
  precondition(answer.undecodable == 0 || answer.firstError != nil)
}

/// Reads the text whole and in two pieces cut at every 64th of it: the same rows come out.
private func procNetTCP(_ input: [UInt8]) {
  for family in [AddressFamily.ipv4, .ipv6] {
    let whole = tableRows(input, family: family, cut: 0)
    for part in 1..<4 {
      let pieces = tableRows(input, family: family, cut: input.count * part / 4)
      precondition(whole?.rows == pieces?.rows && whole?.bad == pieces?.bad)
    }
  }
}

private func tableRows(
  _ input: [UInt8], family: AddressFamily, cut: Int
) -> (rows: [SocketRow], bad: Int)? {
  var table = ProcNetTCP(family: family, namespace: NetnsID(rawValue: 1), states: .all)
  var rows: [SocketRow] = []
  do {
    let used = try table.read(input.span.extracting(first: cut), into: &rows)
    let rest = input.span.extracting(droppingFirst: used)
    let more = try table.read(rest, into: &rows)
    table.finish(rest.extracting(droppingFirst: more))
  } catch {
    return nil
  }
  return (rows, table.undecodable)
}

/// The two files, divided at the first NUL.
private func sockstat(_ input: [UInt8]) {
  let (one, other) = halves(input)
  _ = try? ProcNetSockStat.decode(sockstat: one, sockstat6: other)
}

private func counters(_ input: [UInt8]) {
  let (one, other) = halves(input)
  _ = try? ProcNetCounters.decode(netstat: one, snmp: other)
}

private func halves(_ input: [UInt8]) -> ([UInt8], [UInt8]) {
  let end = input.firstIndex(of: 0) ?? input.count
  return (Array(input[..<end]), Array(input[end...].dropFirst()))
}

private func sysctl(_ input: [UInt8]) {
  _ = try? SysctlText.number(input, name: "it", as: Int.self)
  _ = try? SysctlText.numbers(input, name: "it")
  _ = try? SysctlText.portRange(input, name: "it")
  for range in (try? SysctlText.portList(input, name: "it")) ?? [] {
    precondition(range.lowerBound <= range.upperBound)
  }
}

private func namespaceLink(_ input: [UInt8]) {
  if let id = try? NamespaceLink.decode(input.span) {
    let text = String(decoding: input, as: UTF8.self)
    precondition(text.hasPrefix("net:[") && text.hasSuffix("]"))
    precondition(UInt32(text.dropFirst(5).dropLast()) == id.rawValue)
  }
}
