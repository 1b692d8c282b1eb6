// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc

/// What goes between the programs of closewatch, and what they are told by others.
enum Protocols {
  static let decoders: [String: @Sendable ([UInt8]) -> Void] = [
    "control-answer": { _ = ControlAnswer($0) },
    "control-query": controlQuery,
    "daemon-past": { _ = DaemonPast(text: String(decoding: $0, as: UTF8.self)) },
    "daemon-sight": { _ = DaemonSight(text: String(decoding: $0, as: UTF8.self)) },
    "eye-answer": eyeAnswer,
    "eye-frame": eyeFrame,
    "eye-question": eyeQuestion,
    "journal-export": journalExport,
    "web-config": { _ = try? WebConfigReader.read($0, file: "it", hasTLS: true) },
  ]
}

/// The default of an argument; TLS itself is another package's.
enum WebTLS { static let isBuilt = true }

/// The same of pushes.
struct CollectorTLS {
  static let isBuilt = false

  init(authorities: String) throws(SettingsError) {}
}

/// What is understood is written and read again as the same.
private func controlQuery(_ input: [UInt8]) {
  let text = String(decoding: input, as: UTF8.self)
  guard let query = try? TriageQuery(uri: text) else { return }
  let again = try? TriageQuery(uri: query.uri)
  precondition(again == query)
  _ = query.target.flatMap { try? TargetArgument.parse($0) }
}

/// A question as an eye reads it, from who asks.
private func eyeQuestion(_ input: [UInt8]) {
  _ = try? WireReader.value(of: input) { (reader: inout WireReader) throws(DecodeError) in
    try EyeQuestion(from: &reader)
  }
}

/// The answers as who has asked reads them, from an eye that may have been taken over.
private func eyeAnswer(_ input: [UInt8]) {
  _ = try? WireReader.value(of: input) { (reader: inout WireReader) throws(DecodeError) in
    try SocketRelease.Outcome(from: &reader)
  }
  _ = try? WireReader.value(of: input) { (reader: inout WireReader) throws(DecodeError) in
    try OverlayRuntimes(from: &reader)
  }
  _ = try? WireReader.value(of: input) { (reader: inout WireReader) throws(DecodeError) in
    let answer = try HostAnswer(from: &reader)
    let leftOut = try reader.getArray { reader throws(DecodeError) in try ProcessID(from: &reader) }
    return (answer, leftOut)
  }
}

/// A frame over a real socket, with the rest of the input as its body: sealed, or one that can
/// still change, or none.
private func eyeFrame(_ input: [UInt8]) {
  guard let kind = input.first else { return }
  var ends: [Int32] = [-1, -1]
  guard socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &ends) == 0 else { return }
  defer { for end in ends { close(end) } }
  let frame = Array(input.dropFirst().prefix(24))
  let memory = closewatch_shared_memory()
  defer { if memory >= 0 { close(memory) } }
  let body = input.dropFirst(25)
  _ = body.withUnsafeBytes { write(memory, $0.baseAddress, $0.count) }
  if kind & 1 == 0 { _ = closewatch_seal(memory) }
  _ = closewatch_send(ends[0], frame, UInt(frame.count), [memory], kind & 2 == 0 ? 1 : 0)
  guard let message = try? EyeMessage(over: ends[1], waits: false) else { return }
  _ = try? message.read { (reader: inout WireReader) throws(DecodeError) in
    try HostAnswer(from: &reader)
  }
}

/// In one piece or in several, the same entries come out.
private func journalExport(_ input: [UInt8]) {
  let whole = records(input, cut: 0)
  for part in 1..<4 {
    precondition(records(input, cut: input.count * part / 4) == whole)
  }
}

private func records(_ input: [UInt8], cut: Int) -> Int {
  var export = JournalExport { _ in true }
  var count = 0
  for piece in [input[..<cut], input[cut...]] {
    let goesOn = export.take(piece) { _ in
      count += 1
      return true
    }
    if !goesOn { return count }
  }
  return count + (export.finish() == nil ? 0 : 1)
}
