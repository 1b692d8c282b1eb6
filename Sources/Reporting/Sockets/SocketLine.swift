// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// One socket of a listing, with all that its columns show. It is moved from entry to entry: to
/// make one for each of 100,000 sockets would cost more than to write them, and so would a copy of
/// it for each of their columns.
final class SocketLine {
  let listing: SocketListing
  let words: HolderWords
  private(set) var entry: SocketListing.Entry
  private(set) var row: SocketRow
  /// The name of the row's namespace under `/run/netns`.
  private(set) var namespaceName: String?
  /// The commands of the processes as JSON, written once: most hold many sockets.
  private let commands: [Int32: [UInt8]]

  /// - Parameter unicode: Whether words for people may hold more than ASCII.
  init(_ listing: SocketListing, unicode: Bool) {
    self.listing = listing
    words = HolderWords(listing, unicode: unicode)
    entry = SocketListing.Entry(row: 0, age: .unknown, holders: 0..<0, listener: nil)
    row = SocketRow()
    commands = listing.processes.mapValues { process in
      var json = JSONWriter()
      json.string(process.command)
      return json.bytes
    }
  }

  func move(to entry: SocketListing.Entry) {
    self.entry = entry
    let namespace = row.namespace
    row = listing.row(entry)
    if row.namespace != namespace {
      namespaceName = listing.sample.namespaces.first { $0.id == row.namespace }?.name
    }
  }

  /// Writes a holder as a JSON object.
  func write(_ holder: SocketHolder, to json: inout JSONWriter) {
    json.beginObject()
    json.member("pid", holder.process.pid)
    json.member("fd", holder.fd)
    json.key("command")
    if let command = commands[holder.process.pid] { json.value(command) } else { json.null() }
    switch holder.table {
    case .process: break
    case .thread(let tid): json.member("thread", tid)
    case .ioUring: json.member("io_uring", true)
    }
    json.endObject()
  }
}
