// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// What a person has pasted: lines of ss, netstat or lsof, or a table of states with their counts
/// (`netstat -nat | awk '{print $6}' | sort | uniq -c`).
package struct PastedText: Hashable, Sendable {
  /// How many sockets are explained one by one; of more, each state is.
  package static let mostSockets = 5

  /// The first of the lines that are sockets.
  package private(set) var sockets: [PastedSocket] = []
  /// How many lines were sockets.
  package private(set) var socketCount = 0
  /// How many sockets each state has.
  package private(set) var counts: [TCPState: Int] = [:]
  /// Of lines that name a process: how many sockets of a state it has.
  package private(set) var holders: [TCPState: [String: Int]] = [:]
  /// Lines with addresses and without a state: ss leaves it out when it lists one state only.
  package private(set) var statelessLines = 0
  /// Whether the end was not read.
  package var isCut = false

  /// A line is cut after so many bytes, a process name after so many characters.
  private static let longestLine = 4096, longestName = 64
  /// So many processes are counted by their names.
  private static let mostNames = 256
  /// Sums stop here, whatever is pasted.
  private static let mostOfAll = 1_000_000_000_000

  package var isEmpty: Bool { counts.isEmpty }

  package init(_ text: String) {
    for line in text.utf8.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d }) {
      take(String(decoding: line.prefix(Self.longestLine), as: UTF8.self))
    }
  }

  private mutating func take(_ line: String) {
    if let socket = PastedSocket(line: line) {
      socketCount += 1
      if sockets.count < Self.mostSockets { sockets.append(socket) }
      counts[socket.state, default: 0] += 1
      guard let holder = socket.holders.first else { return }
      let name = "\(holder.command.prefix(Self.longestName))[\(holder.pid)]"
      if (holders[socket.state]?.count ?? 0) < Self.mostNames || holders[socket.state]?[name] != nil
      {
        holders[socket.state, default: [:]][name, default: 0] += 1
      }
      return
    }
    let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
    if let (state, count) = Self.row(words) {
      counts[state] = min((counts[state] ?? 0) + count, Self.mostOfAll)
    } else if words.count >= 4, UInt64(words[0]) != nil, UInt64(words[1]) != nil,
      words[2].contains(":"), words[3].contains(":")
    {
      statelessLines += 1
    }
  }

  /// `12 CLOSE_WAIT` of `uniq -c`, `CLOSE_WAIT 12` of awk.
  private static func row(_ words: [Substring]) -> (TCPState, Int)? {
    guard words.count == 2 else { return nil }
    for (number, name) in [(words[0], words[1]), (words[1], words[0])] {
      // More sockets than this no host has.
      guard number.utf8.count <= 10, let count = Int(number), count >= 0,
        let state = PastedSocket.state(name)
      else { continue }
      return (state, count)
    }
    return nil
  }

  /// The states, largest first. A listener is no connection: it comes last.
  package var rows: [(state: TCPState, count: Int)] {
    counts.map { (state: $0.key, count: $0.value) }.sorted { a, b in
      if (a.state == .listen) != (b.state == .listen) { return b.state == .listen }
      return a.count == b.count ? a.state < b.state : a.count > b.count
    }
  }

  /// The state to look at first: the one with the most sockets that wait for somebody. CLOSE_WAIT
  /// weighs ten times as much, for no timer ends it. nil when each has fewer than `fewest`.
  package func first(fewest: Int) -> TCPState? {
    let weights: [TCPState: Int] = [
      .closeWait: 10, .synSent: 1, .synRecv: 1, .finWait1: 1, .finWait2: 1, .lastAck: 1,
      .closing: 1, .close: 10,
    ]
    return rows.filter { $0.count >= fewest }
      .compactMap { row in weights[row.state].map { (state: row.state, weight: $0 * row.count) } }
      .max { $0.weight < $1.weight }?.state
  }

  /// Who has most of the sockets in `state`, where the lines say it.
  package func mostOften(_ state: TCPState) -> (name: String, count: Int)? {
    (holders[state] ?? [:]).map { (name: $0.key, count: $0.value) }
      .max { ($0.count, $1.name) < ($1.count, $0.name) }
  }
}
