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
    let names = Dictionary(
      sample.namespaces.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
    json.beginObject()
    json.key("schema_version")
    json.integer(1)
    json.key("sockets")
    json.beginArray()
    let commands = commandsAsJSON
    for entry in entries {
      write(entry, name: names[row(entry).namespace] ?? nil, commands, to: &json)
      if json.bytes.count >= chunk { try json.drain(emit) }
    }
    json.endArray()
    if !deadSockets.isEmpty { writeDeadSockets(to: &json) }
    if unknownAges > 0 {
      json.key("left_out_age_unknown")
      json.integer(unknownAges)
    }
    json.key("gaps")
    json.gaps(gaps)
    json.endObject()
    json.endLine()
    try json.drain(emit)
  }

  /// The commands of the processes, written once: most hold many sockets.
  private var commandsAsJSON: [Int32: [UInt8]] {
    processes.mapValues { process in
      var json = JSONWriter()
      json.string(process.command)
      return json.bytes
    }
  }

  private func write(
    _ entry: Entry, name: String?, _ commands: [Int32: [UInt8]], to json: inout JSONWriter
  ) {
    let row = row(entry)
    json.beginObject()
    json.key("netns")
    json.integer(row.namespace.rawValue)
    if let name {
      json.key("netns_name")
      json.string(name)
    }
    json.key("family")
    json.string(row.family.name)
    json.connection(row)
    json.key("uid")
    json.integer(row.uid)
    json.key("age")
    json.age(entry.age)
    json.key("holders")
    json.beginArray()
    for index in entry.holders { write(holders[Int(index)], commands, to: &json) }
    json.endArray()
    json.key("listener")
    if let listener = entry.listener {
      write(listeners[Int(listener)], commands, to: &json)
    } else {
      json.null()
    }
    json.endObject()
  }

  private func write(
    _ holder: SocketHolder, _ commands: [Int32: [UInt8]], to json: inout JSONWriter
  ) {
    json.beginObject()
    json.key("pid")
    json.integer(holder.process.pid)
    json.key("fd")
    json.integer(holder.fd)
    json.key("command")
    if let command = commands[holder.process.pid] { json.value(command) } else { json.null() }
    switch holder.table {
    case .process: break
    case .thread(let tid):
      json.key("thread")
      json.integer(tid)
    case .ioUring:
      json.key("io_uring")
      json.bool(true)
    }
    json.endObject()
  }

  private func write(
    _ listener: Listener, _ commands: [Int32: [UInt8]], to json: inout JSONWriter
  ) {
    json.beginObject()
    json.key("local")
    json.endpoint(listener.local)
    json.key("holders")
    json.beginArray()
    for holder in listener.holders { write(holder, commands, to: &json) }
    json.endArray()
    json.endObject()
  }

  private func writeDeadSockets(to json: inout JSONWriter) {
    json.key("dead_sockets")
    json.beginArray()
    for deadSocket in deadSockets {
      json.beginObject()
      json.key("inode")
      json.integer(deadSocket.inode)
      json.key("pid")
      json.integer(deadSocket.process.pid)
      json.key("fd")
      json.integer(deadSocket.fd)
      json.key("command")
      json.string(orNull: command(deadSocket.process.pid))
      json.endObject()
    }
    json.endArray()
  }
}

extension JSONWriter {
  /// The members that every socket has, wherever it is listed: addresses, state, queues, identity.
  mutating func connection(_ row: SocketRow) {
    key("local")
    endpoint(row.local)
    key("remote")
    endpoint(row.remote)
    key("state")
    string(row.state.name)
    key("recv_q")
    integer(row.receiveQueue)
    key("send_q")
    integer(row.sendQueue)
    key("inode")
    integer(row.inode)
    key("cookie")
    integer(orNull: row.knowledge.contains(.cookie) ? row.cookie : nil)
  }

  /// `{"seconds":12.3,"bound":"exact"}`; `seconds` is null when nothing is known.
  mutating func age(_ age: Age) {
    beginObject()
    key("seconds")
    number(orNull: age.bound == .unknown ? nil : age.seconds)
    key("bound")
    string(age.bound.rawValue)
    endObject()
  }

  /// `[{"kind":"descriptors-unreadable","count":8,"detail":".."}]`.
  mutating func gaps(_ gaps: [Gap]) {
    beginArray()
    for gap in gaps {
      beginObject()
      key("kind")
      string(gap.kind.rawValue)
      key("count")
      integer(gap.count)
      key("detail")
      string(gap.detail)
      endObject()
    }
    endArray()
  }
}
