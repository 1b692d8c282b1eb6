// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Reporting

extension StacksReport {
  /// One JSON object and the end of its line.
  package func json(of process: TraceTarget.Process) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("schema_version", 1)
    writer.beginObject("target")
    writer.member("pid", process.pid)
    writer.member("command", process.command)
    writer.member("main", process.main)
    writer.endObject()
    writer.member("threads", threadCount)
    writer.member("missed", missed)
    writer.member("stopped_seconds", stoppedSeconds, decimals: 6)
    writer.beginArray("groups")
    for group in groups { Self.write(group, to: &writer) }
    writer.endArray()
    writer.beginArray("locks")
    for lock in locks {
      writer.beginObject()
      writer.member("address", Self.text(lock.address))
      writer.member("waiting", lock.waiting)
      writer.member("holder", lock.holder)
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    writer.endLine()
    return writer.bytes
  }

  private static func write(_ group: Group, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.beginArray("threads")
    for thread in group.threads { writer.integer(thread) }
    writer.endArray()
    writer.member("name", group.name)
    writer.beginObject("wait")
    write(group.wait, to: &writer)
    writer.endObject()
    writer.write(group.frames, named: "frames")
    writer.endObject()
  }

  /// Members that are not of its kind are left out.
  private static func write(_ wait: StoppedThread.Wait?, to writer: inout JSONWriter) {
    switch wait {
    case nil: writer.member("kind", "none")
    case .lock(let address, let holder):
      writer.member("kind", "lock")
      writer.member("address", text(address))
      writer.member("holder", holder)
    case .wake: writer.member("kind", "wake")
    case .events: writer.member("kind", "events")
    case .time: writer.member("kind", "time")
    case .call(let number):
      writer.member("kind", "call")
      writer.member("number", number)
    case .descriptor(let call, let fd, let peer):
      writer.member("kind", "descriptor")
      writer.member("call", call)
      writer.member("fd", fd)
      writer.member("peer", peer?.description)
    }
  }

  /// Too large for the numbers of some readers.
  private static func text(_ address: UInt64) -> String { "0x" + String(address, radix: 16) }
}
