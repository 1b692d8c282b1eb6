// SPDX-License-Identifier: Apache-2.0

import Reporting

extension TraceReport {
  /// One JSON object and the end of its line.
  package var json: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("schema_version", 1)
    write(outcome.target, to: &writer)
    writer.member("watched_seconds", outcome.watchedSeconds)
    writer.member("accepted", outcome.accepted)
    writer.member("closed", outcome.closed)
    writer.member("stuck", outcome.isGone ? nil : outcome.stuck.count)
    writer.member("lost_events", outcome.loss.total)
    writer.beginArray("groups")
    for group in groups { Self.write(group, to: &writer) }
    writer.endArray()
    writer.member("unknown", outcome.isGone ? nil : outcome.stuck.count - known)
    writer.member("connected", outcome.connected)
    writer.member("dead", outcome.isGone ? nil : outcome.stuck.count { $0.state == .dead })
    writer.member("early_end", outcome.earlyEnd?.rawValue)
    writer.beginObject("loss")
    writer.member("lost", outcome.loss.lost)
    writer.member("interrupted", outcome.loss.interrupted)
    writer.member("refused", outcome.loss.refused)
    writer.member("skipped", outcome.loss.skipped)
    writer.member("unread", outcome.loss.unread)
    writer.endObject()
    writer.beginArray("unknown_by_reason")
    for reason in Unknown.allCases {
      guard let count = unknown[reason] else { continue }
      writer.beginObject()
      writer.member("reason", reason.rawValue)
      writer.member("sockets", count)
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    writer.endLine()
    return writer.bytes
  }

  private func write(_ target: TraceTarget, to writer: inout JSONWriter) {
    writer.beginObject("target")
    writer.member("pid", target.processes.count == 1 ? target.processes.first?.pid : nil)
    writer.member("unit", target.unit)
    writer.beginArray("pids")
    for process in target.processes { writer.integer(process.pid) }
    writer.endArray()
    writer.beginArray("processes")
    for process in target.processes {
      writer.beginObject()
      writer.member("pid", process.pid)
      writer.member("command", process.command)
      writer.member("main", process.main)
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
  }

  private static func write(_ group: TraceGroup, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("sockets", group.sockets)
    writer.member("kind", group.kind.rawValue)
    writer.write(group.path.frames, named: "frames")
    writer.write(group.opener?.frames ?? [], named: "opener")
    writer.member("errno", group.errno)
    writer.member("opening", group.opening?.rawValue)
    writer.member("has_unread", group.hasUnread)
    writer.endObject()
  }
}

extension JSONWriter {
  /// Calls, the innermost first.
  mutating func write(_ frames: [StackFrame], named name: StaticString) {
    beginArray(name)
    for frame in frames {
      beginObject()
      member("function", frame.function)
      member("file", frame.file)
      member("line", frame.line)
      member("own", frame.isOwn)
      endObject()
    }
    endArray()
  }
}
