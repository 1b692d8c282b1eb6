// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// Says who has a socket, or why nobody has.
struct HolderWords {
  private let listing: SocketListing
  private let unicode: Bool

  init(_ listing: SocketListing, unicode: Bool) {
    self.listing = listing
    self.unicode = unicode
  }

  /// Parts that may stand on lines of their own: one for each holder, or one reason.
  func words(for entry: SocketListing.Entry, _ row: SocketRow) -> [String] {
    guard entry.holders.isEmpty else {
      return entry.holders.map { index in
        let holder = listing.holders[Int(index)]
        return name(holder.process.pid) + " " + Self.descriptor(holder.fd, in: holder.table)
      }
    }
    return [reason(entry, row)]
  }

  func name(_ pid: Int32) -> String {
    listing.processes[pid].map { ProcessWords.name($0, unicode: unicode) } ?? "pid \(pid)"
  }

  static func descriptor(_ fd: Int32, in table: SocketHolder.Table) -> String {
    switch table {
    case .process: "fd \(fd)"
    case .thread(let tid): "fd \(fd) of thread \(tid)"
    case .ioUring: "io_uring at fd \(fd)"
    }
  }

  private func reason(_ entry: SocketListing.Entry, _ row: SocketRow) -> String {
    if row.isUnaccepted { return "in the accept queue of \(listener(entry))" }
    switch row.state {
    case .timeWait: return "kernel only"
    case .synRecv, .newSynRecv: return "handshake with \(listener(entry))"
    default: break
    }
    if row.isOrphan { return "orphan: closed" }
    if row.inode == 0 { return "no process: a socket of the kernel" }
    if let unread = GapWords.unread(listing.gaps) {
      return "\(Owner.unseen.name) (\(unread) unreadable)"
    }
    if !listing.isComplete { return "holder not looked for everywhere" }
    guard let inFlight = listing.descriptorsInFlight else {
      return "no holder found (this kernel does not tell what is in flight between processes)"
    }
    if inFlight > 0 {
      let count = Quantity.count(inFlight, "descriptor")
      return "no holder (\(count) in flight between processes)"
    }
    return "no process holds it"
  }

  private func listener(_ entry: SocketListing.Entry) -> String {
    guard let position = entry.listener else { return "a listener that was not found" }
    let listener = listing.listeners[Int(position)]
    let pids = Set(listener.holders.map(\.process.pid)).sorted()
    guard let first = pids.first else { return "port \(listener.local.port)" }
    return name(first) + (pids.count > 1 ? " or \(pids.count - 1) more" : "")
  }
}
