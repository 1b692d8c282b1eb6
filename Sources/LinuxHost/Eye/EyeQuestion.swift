// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// What an eye can be asked.
enum EyeQuestion {
  case host(HostRequest)
  /// To abort connections: the one thing that is not a look.
  case release([SocketRelease.Target])

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
    case let kind: throw reader.bad("question", "\(kind)")
    }
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
