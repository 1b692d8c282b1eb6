// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// What an eye can be asked.
enum EyeQuestion {
  case host(HostRequest)
  /// To abort connections: the one thing that is not a look.
  case release([SocketRelease.Target])
  /// What programs on overlays are written in: asked last, because it may hang.
  case overlays([ProcessID], by: BootInstant)
  /// What containers are called, by their ids.
  case containers([String], by: BootInstant)

  func write(to writer: inout WireWriter) {
    switch self {
    case .host(let request):
      writer.put(0 as UInt8)
      request.write(to: &writer)
    case .release(let targets):
      writer.put(1 as UInt8)
      writer.put(targets) { writer, target in
        writer.put([target.row])
        writer.putHolders(target.holders)
      }
    case .overlays(let processes, let deadline):
      writer.put(2 as UInt8)
      writer.put(deadline.nanoseconds)
      writer.put(processes) { $1.write(to: &$0) }
    case .containers(let ids, let deadline):
      writer.put(3 as UInt8)
      writer.put(deadline.nanoseconds)
      writer.put(ids) { $0.put($1) }
    }
  }

  init(from reader: inout WireReader) throws(DecodeError) {
    switch try reader.get(UInt8.self) {
    case 0: self = .host(try HostRequest(from: &reader))
    case 1:
      self = .release(
        try reader.getArray { reader throws(DecodeError) in
          guard let row = try reader.getRows().first else { throw reader.bad("row", "none") }
          return SocketRelease.Target(row: row, holders: try reader.getHolders())
        })
    case 2:
      let deadline = BootInstant(nanoseconds: try reader.get())
      self = .overlays(
        try reader.getArray { reader throws(DecodeError) in try ProcessID(from: &reader) },
        by: deadline)
    case 3:
      let deadline = BootInstant(nanoseconds: try reader.get())
      self = .containers(
        try reader.getArray { reader throws(DecodeError) in
          let id = try reader.getText()
          // Part of a path.
          guard ProcessRecord.isContainerID(id) else { throw reader.bad("container", id) }
          return id
        }, by: deadline)
    case let kind: throw reader.bad("question", "\(kind)")
    }
  }
}

/// What programs on overlays are written in.
package struct OverlayRuntimes {
  /// Those that were asked, in the order of the question.
  package var found: [(process: ProcessID, runtime: ProcessRuntime)] = []
  /// What was not asked, and why.
  package var gaps: [Gap] = []

  func write(to writer: inout WireWriter) {
    writer.put(found) { writer, one in
      one.process.write(to: &writer)
      writer.put(case: one.runtime)
    }
    writer.put(gaps) { $1.write(to: &$0) }
  }

  package init() {}

  init(from reader: inout WireReader) throws(DecodeError) {
    found = try reader.getArray { reader throws(DecodeError) in
      let process = try ProcessID(from: &reader)
      return (process, try reader.getCase("runtime", of: ProcessRuntime.allCases))
    }
    gaps = try reader.getGaps()
  }
}

extension SocketRelease.Outcome {
  func write(to writer: inout WireWriter) {
    switch self {
    case .released: writer.put(0 as UInt8)
    case .goneMeanwhile: writer.put(1 as UInt8)
    case .failed(let error):
      writer.put(2 as UInt8)
      writer.put(error.call)
      writer.put(error.subject)
      writer.put(error.errno)
    }
  }

  init(from reader: inout WireReader) throws(DecodeError) {
    switch try reader.get(UInt8.self) {
    case 0: self = .released
    case 1: self = .goneMeanwhile
    case 2:
      let (call, subject) = (try reader.getText(), try reader.getText())
      self = .failed(SystemCallError(call, on: subject, errno: try reader.get()))
    case let kind: throw reader.bad("outcome", "\(kind)")
    }
  }
}
