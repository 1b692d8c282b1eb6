// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A decoder that is fuzzed, by its name. CLOSEWATCH_FUZZ chooses one when the program starts.
private let decoders: [String: @Sendable ([UInt8]) -> Void] = [
  "cgroup": { if let cgroup = try? ProcCgroup($0) { _ = cgroup.unit } },
  "container": containerFile,
  "counters": counters,
  "fdinfo": { _ = try? FdInfo($0) },
  "host-answer": {
    _ = try? WireReader.value(of: $0) { (reader: inout WireReader) throws(DecodeError) in
      try HostAnswer(from: &reader)
    }
  },
  "host-request": {
    _ = try? WireReader.value(of: $0) { (reader: inout WireReader) throws(DecodeError) in
      try HostRequest(from: &reader)
    }
  },
  "limits": { _ = try? ProcLimits($0) },
  "link": socketLink,
  "mountinfo": { if let mounts = try? ProcMountInfo($0) { _ = mounts.kinds(along: $0) } },
  "ns-link": namespaceLink,
  "proc-net-tcp": procNetTCP,
  "recording": recording,
  "sock-diag": sockDiag,
  "sockstat": sockstat,
  "stat": { _ = try? ProcStat($0) },
  "sysctl": sysctl,
]

private let decoder: @Sendable ([UInt8]) -> Void = {
  let name = getenv("CLOSEWATCH_FUZZ").map { String(cString: $0) } ?? ""
  guard let decoder = decoders[name] ?? Protocols.decoders[name] else {
    let names = decoders.keys.sorted() + Protocols.decoders.keys.sorted()
    fatalError("CLOSEWATCH_FUZZ is '\(name)'; there are \(names)")
  }
  return decoder
}()

/// What libFuzzer calls. Any bytes must end in a value or an error, never in a trap.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  decoder([UInt8](UnsafeBufferPointer(start: start, count: count)))
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

/// Whatever a runtime's file says, what comes out is a name.
private func containerFile(_ input: [UInt8]) {
  let id = String(repeating: "a", count: 64)
  for kind in ContainerFile.Kind.allCases {
    let file = ContainerFile(kind, input)
    _ = try? file.storedNames(of: [id])
    guard let names = try? file.names(isInPod: true) else { continue }
    for name in [names.container, names.pod, names.namespace].compactMap({ $0 }) {
      precondition(ContainerNames.name(name) == name && name.utf8.count <= ContainerNames.longest)
    }
  }
  _ = ContainerNames(kubeletLink: String(decoding: input, as: UTF8.self), of: id)
}

private func socketLink(_ input: [UInt8]) {
  let inode = input.withUnsafeBytes { SocketLink.inode($0.bytes) }
  // The quick look and the full one must agree.
  if case .socket(let other)? = try? SocketLink(input) {
    precondition(inode == other)
  } else {
    precondition(inode == 0)
  }
}

/// A whole recorded look, its files parted by NUL in their order: what is read is written and read
/// again as the same.
private func recording(_ input: [UInt8]) {
  let parts = input.split(separator: 0, omittingEmptySubsequences: false).map { Array($0) }
  let files = Dictionary(uniqueKeysWithValues: zip(RecordedSample.fileNames, parts))
  guard
    let look = try? RecordedSample(files: files, folder: "", bounds: RecordingBounds())
  else { return }
  let written = Dictionary(uniqueKeysWithValues: look.files().map { ($0.name, $0.bytes) })
  let again = try? RecordedSample(files: written, folder: "", bounds: RecordingBounds())
  precondition(again?.sample.sockets == look.sample.sockets)
  precondition(again?.report.holders == look.report.holders)
}
