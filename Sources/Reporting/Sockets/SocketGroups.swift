// SPDX-License-Identifier: Apache-2.0

import Diagnosis
package import KernelTables

/// A listing counted by what its sockets have in common: `sockets --by`.
package struct SocketGroups: Sendable {
  /// What is counted by.
  package enum Key: String, CaseIterable, Sendable {
    case process, unit, peer, port, state
  }

  package struct Group: Hashable, Sendable {
    /// `nginx[812]`, `nginx.service`, `192.0.2.7`, `:80`, `CLOSE_WAIT`. Printable.
    package var name: String
    /// Of a process.
    package var pid: Int32?
    package fileprivate(set) var states: [TCPState: Int] = [:]
    /// Of a state: how many each process has of it.
    package fileprivate(set) var owners: [String: Int] = [:]
    package var sockets: Int { states.values.reduce(0, +) }
  }

  package let key: Key
  /// Largest first.
  package let groups: [Group]
  package let listing: SocketListing

  package init(_ listing: SocketListing, by key: Key) {
    self.key = key
    self.listing = listing
    let words = HolderWords(listing, unicode: false)
    let listened = Set(
      listing.sample.sockets.lazy.filter { $0.state == .listen }
        .map { Listened(namespace: $0.namespace, port: $0.localPort) })
    var groups: [String: Group] = [:]
    for entry in listing.entries {
      let row = listing.row(entry)
      let members: [Group] =
        switch key {
        case .process: Self.processes(entry, row, listing, words)
        case .unit: Self.units(entry, row, listing, words)
        case .peer: [Group(name: row.state == .listen ? "(listeners)" : "\(row.remoteAddress)")]
        case .port: [Group(name: Self.port(row, listened))]
        case .state: [Group(name: row.state.name)]
        }
      for member in members {
        groups[member.name, default: member].states[row.state, default: 0] += 1
        guard key == .state else { continue }
        for process in Self.processes(entry, row, listing, words) {
          groups[member.name]?.owners[process.name, default: 0] += 1
        }
      }
    }
    self.groups = groups.values.sorted { a, b in
      let (first, second) = (a.sockets, b.sockets)
      return first == second ? a.name < b.name : first > second
    }
  }

  private struct Listened: Hashable {
    var namespace: NetnsID
    var port: UInt16
  }

  /// A socket that several processes hold counts for each of them; one that waits for accept(), for
  /// whoever listens.
  private static func processes(
    _ entry: SocketListing.Entry, _ row: SocketRow, _ listing: SocketListing, _ words: HolderWords
  ) -> [Group] {
    let pids = Set(Self.holders(entry, listing).map(\.process.pid))
    guard pids.isEmpty else { return pids.map { Group(name: words.name($0), pid: $0) } }
    return [Group(name: nobody(row, listing))]
  }

  private static func units(
    _ entry: SocketListing.Entry, _ row: SocketRow, _ listing: SocketListing, _ words: HolderWords
  ) -> [Group] {
    let pids = Set(Self.holders(entry, listing).map(\.process.pid))
    guard !pids.isEmpty else { return [Group(name: nobody(row, listing))] }
    let names = pids.map { pid in
      let process = listing.processes[pid]
      let name = process?.owner.kind == .container ? process?.containerTitle : process?.unit
      return name.map { UntrustedText.printable($0, unicode: false) }
        ?? "no unit: \(words.name(pid))"
    }
    return Set(names).map { Group(name: $0) }
  }

  private static func holders(
    _ entry: SocketListing.Entry, _ listing: SocketListing
  ) -> [SocketHolder] {
    guard entry.holders.isEmpty, let listener = entry.listener else {
      return entry.holders.map { listing.holders[Int($0)] }
    }
    return listing.listeners[Int(listener)].holders
  }

  private static func nobody(_ row: SocketRow, _ listing: SocketListing) -> String {
    if row.state == .timeWait || row.isOrphan { return "(closed, kernel only)" }
    let isHidden = row.inode != 0 && listing.gaps.contains(where: \.hidesHolders)
    return isHidden ? "(\(Owner.unseen.name))" : "(no process found)"
  }

  /// The port of whoever serves: the local one where something listens on it here, else the peer's.
  private static func port(_ row: SocketRow, _ listened: Set<Listened>) -> String {
    let isServed = listened.contains(Listened(namespace: row.namespace, port: row.localPort))
    return isServed ? ":\(row.localPort)" : "to :\(row.remotePort)"
  }
}

// MARK: Text

extension SocketGroups {
  /// One line a group: how many, who, and in which states.
  package func text(style: TextStyle, hasHeader: Bool = true) -> String {
    let title = key.rawValue.prefix(1).uppercased() + key.rawValue.dropFirst()
    let counts = groups.map { Quantity.count($0.sockets) }
    let countColumns = max(7, counts.map(\.utf8.count).max() ?? 0)
    let widest = groups.map { UntrustedText.columns($0.name) }.max() ?? 0
    let nameColumns = max(title.count, min(widest, 36))
    let start = countColumns + 2 + nameColumns + 2
    var out = ""
    if hasHeader, !groups.isEmpty {
      let pad = String(repeating: " ", count: nameColumns - title.count)
      let last = key == .state ? "Most of them" : "States"
      out += "Sockets".padded(to: countColumns) + "  \(title)\(pad)  \(last)\n"
    }
    for (group, count) in zip(groups, counts) {
      let name = UntrustedText.cut(group.name, columns: nameColumns, unicode: style.unicode)
      let pad = String(repeating: " ", count: nameColumns - UntrustedText.columns(name))
      let lines = style.wrap(details(group), columns: max(20, style.width - start))
      let margin = "\n" + String(repeating: " ", count: start)
      out += count.padded(to: countColumns) + "  \(name)\(pad)  "
      out += lines.joined(separator: margin) + "\n"
    }
    return out + notes(style: style)
  }

  private func details(_ group: Group) -> String {
    guard key == .state else {
      return StateWords.ordered(group.states).map { "\($0.name) \(Quantity.count($1))" }
        .joined(separator: ", ")
    }
    let owners = group.owners.sorted { a, b in
      a.value == b.value ? a.key < b.key : a.value > b.value
    }
    let shown = owners.prefix(3).map { "\($0.key) \(Quantity.count($0.value))" }
    let rest = owners.count - shown.count
    return shown.joined(separator: ", ") + (rest > 0 ? ", \(Quantity.count(rest)) more" : "")
  }

  private func notes(style: TextStyle) -> String {
    var notes = SocketTable.notes(of: listing, style: style)
    if groups.isEmpty { notes.insert(SocketTable.noMatch(listing), at: 0) }
    guard !notes.isEmpty else { return "" }
    return (groups.isEmpty ? "" : "\n")
      + notes.flatMap { style.wrap($0, columns: style.width) }.map { $0 + "\n" }.joined()
  }
}

// MARK: JSON

extension SocketGroups {
  /// `{"schema_version":1,"by":"unit","groups":[{"name":"web.service","sockets":312,"states":…}]}`.
  package func json() -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.member("schema_version", 1)
    json.member("by", key.rawValue)
    json.beginArray("groups")
    for group in groups {
      json.beginObject()
      json.member("name", group.name)
      if key == .process { json.member("pid", group.pid) }
      json.member("sockets", group.sockets)
      json.beginArray("states")
      for (state, count) in StateWords.ordered(group.states) {
        json.beginObject()
        json.member("state", state.name)
        json.member("count", count)
        json.endObject()
      }
      json.endArray()
      json.endObject()
    }
    json.endArray()
    if listing.unknownAges > 0 { json.member("left_out_age_unknown", listing.unknownAges) }
    json.key("gaps")
    json.gaps(listing.gaps)
    json.endObject()
    json.endLine()
    return json.bytes
  }
}

extension String {
  /// Numbers end at the edge of their column.
  fileprivate func padded(to columns: Int) -> String {
    String(repeating: " ", count: max(0, columns - utf8.count)) + self
  }
}
