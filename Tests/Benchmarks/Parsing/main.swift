// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Processor time of this thread, in milliseconds.
func cpuMilliseconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
}

func contents(_ path: String) -> [UInt8] {
  guard let file = fopen(path, "rb") else { fatalError("cannot open \(path)") }
  defer { fclose(file) }
  fseek(file, 0, SEEK_END)
  let size = ftell(file)
  rewind(file)
  return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
    count = fread(buffer.baseAddress, 1, size, file)
  }
}

let text = contents(CommandLine.arguments[1])
let diag = contents(CommandLine.arguments[2])
var rows: [SocketRow] = []
rows.reserveCapacity(400_000)
for turn in 0..<16 {
  rows.removeAll(keepingCapacity: true)
  var table = ProcNetTCP(family: .ipv4, namespace: NetnsID(rawValue: 1), states: .all)
  let begin = cpuMilliseconds()
  _ = try table.read(text.span, into: &rows)
  let took = cpuMilliseconds() - begin
  precondition(table.undecodable == 0)
  if turn > 0 { print("text swift \(took) \(rows.count)") }
}
for turn in 0..<16 {
  rows.removeAll(keepingCapacity: true)
  var answer = SockDiagAnswer(
    namespace: NetnsID(rawValue: 1), sequence: 7, port: 4242, states: .all)
  let begin = cpuMilliseconds()
  _ = answer.read(diag.span.bytes, into: &rows)
  let took = cpuMilliseconds() - begin
  precondition(answer.undecodable == 0)
  if turn > 0 { print("diag swift \(took) \(rows.count)") }
}
for turn in 0..<16 {
  var copy = rows
  let begin = cpuMilliseconds()
  let removed = UniqueRows.compact(&copy, from: 0)
  let took = cpuMilliseconds() - begin
  if turn > 0 { print("unique swift \(took) \(copy.count + removed)") }
}
