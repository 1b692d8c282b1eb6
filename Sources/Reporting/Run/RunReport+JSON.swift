// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

extension RunReport {
  /// One object for a program. What is not known is `null`.
  package func json(exitStatus: Int32) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("schema", "closewatch-run/1")
    writer.member("version", version)
    writer.beginArray("command")
    for word in command { writer.string(word) }
    writer.endArray()
    writer.member("command_status", commandStatus)
    writer.member("exit_status", exitStatus)
    writer.member("strict", order.isStrict)
    writer.member("grace_seconds", order.graceSeconds)
    writer.member("seconds", seconds)
    writer.member("tests", tests.count)
    writer.member("late_looks", lateLooks.count)
    writer.member("longest_between_looks_seconds", lateLooks.longestSeconds)
    writer.member("could_not_see", blindBecause)
    writer.member("trace_failure", traceFailure)
    writer.beginArray("left")
    for socket in left { write(socket, to: &writer) }
    writer.endArray()
    writer.beginArray("unseen_processes")
    for process in unseen { write(process, to: &writer) }
    writer.endArray()
    writer.beginArray("gaps")
    for gap in gaps {
      writer.beginObject()
      writer.member("kind", gap.kind.rawValue)
      writer.member("count", gap.count)
      writer.member("detail", gap.detail)
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    writer.endLine()
    return writer.bytes
  }

  private func write(_ socket: LeftSocket, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("counts", socket.excuse == nil)
    writer.member("excuse", socket.excuse?.rawValue)
    writer.member("test", socket.test)
    writer.member("kind", socket.kind)
    writer.key("process")
    write(socket.process, to: &writer)
    writer.member("fd", socket.fd)
    writer.beginArray("other_pids")
    for process in socket.sharers { writer.integer(process.pid) }
    writer.endArray()
    writer.member("local", socket.row?.local)
    writer.member("remote", socket.row?.remote)
    writer.key("inbound")
    if let isInbound = socket.isInbound { writer.bool(isInbound) } else { writer.null() }
    writer.member("age_seconds", socket.age.bound == .unknown ? nil : socket.age.seconds)
    writer.member("age_bound", socket.age.bound.rawValue)
    writer.member("judged_by", socket.end.rawValue)
    writer.member("recv_q", socket.isDead ? nil : socket.row?.receiveQueue)
    writer.member("send_q", socket.isDead ? nil : socket.row?.sendQueue)
    writer.member("inode", socket.inode)
    // Text: a reader that keeps numbers as doubles would round it.
    writer.member("cookie", socket.row.flatMap { $0.cookie == 0 ? nil : "\($0.cookie)" })
    write(socket.place, to: &writer)
    writer.endObject()
  }

  private func write(_ place: CodePlace?, to writer: inout JSONWriter) {
    guard let place else {
      writer.key("code")
      return writer.null()
    }
    writer.beginObject("code")
    writer.member("kind", place.kind)
    writer.member("function", place.function)
    writer.member("file", place.file)
    writer.member("line", place.line)
    writer.member("words", place.words)
    writer.endObject()
  }

  private func write(_ process: ProcessRecord, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("pid", process.id.pid)
    writer.member("command", process.command)
    writer.member("main", process.main)
    writer.endObject()
  }
}

extension LeftSocket {
  /// What it is called in files: the state, or that it is dead.
  var kind: String { isDead ? Self.deadKind : TCPState.closeWait.dashedName }
  static var deadKind: String { "dead-socket" }
}
