// SPDX-License-Identifier: Apache-2.0

import KernelTables

extension SocketListing {
  /// Writes the listing as one JSON object, in pieces of about `chunk` bytes.
  ///
  /// Keys are stable within `schema_version`. `age.seconds` is null when the bound is `unknown`;
  /// `cookie` is null where the source does not know it.
  package func writeJSON<E>(
    chunk: Int = 1 << 18, _ emit: ([UInt8]) throws(E) -> Void
  ) throws(E) {
    var json = JSONWriter()
    json.beginObject()
    json.member("schema_version", 1)
    json.beginArray("sockets")
    let columns = SocketColumns.all.compactMap(\.json)
    let line = SocketLine(self, unicode: false)
    for entry in entries {
      line.move(to: entry)
      json.beginObject()
      for write in columns { write(line, &json) }
      json.endObject()
      if json.bytes.count >= chunk { try json.drain(emit) }
    }
    json.endArray()
    if !deadSockets.isEmpty { writeDeadSockets(to: &json) }
    if unknownAges > 0 { json.member("left_out_age_unknown", unknownAges) }
    json.key("gaps")
    json.gaps(gaps)
    json.endObject()
    json.endLine()
    try json.drain(emit)
  }

  private func writeDeadSockets(to json: inout JSONWriter) {
    json.beginArray("dead_sockets")
    for dead in deadSockets {
      json.beginObject()
      json.member("inode", dead.inode)
      json.member("pid", dead.process.pid)
      json.member("fd", dead.fd)
      json.member("command", command(dead.process.pid))
      json.endObject()
    }
    json.endArray()
  }
}

extension JSONWriter {
  /// The members that every socket has, wherever it is listed: addresses, state, queues, identity.
  mutating func connection(_ row: SocketRow) {
    for column in SocketColumns.ofRow { column.json?(row, &self) }
  }

  /// `{"seconds":12.3,"bound":"exact"}`; `seconds` is null when nothing is known.
  private mutating func age(_ age: Age) {
    beginObject()
    member("seconds", age.bound == .unknown ? nil : age.seconds)
    member("bound", age.bound.rawValue)
    endObject()
  }

  mutating func member(_ name: StaticString, _ age: Age?) {
    key(name)
    if let age { self.age(age) } else { null() }
  }

  /// `[{"kind":"descriptors-unreadable","count":8,"detail":".."}]`.
  mutating func gaps(_ gaps: [Gap]) {
    beginArray()
    for gap in gaps {
      beginObject()
      member("kind", gap.kind.rawValue)
      member("count", gap.count)
      member("detail", gap.detail)
      endObject()
    }
    endArray()
  }
}
