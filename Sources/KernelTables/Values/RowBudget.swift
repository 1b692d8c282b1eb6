// SPDX-License-Identifier: Apache-2.0

/// Sockets of one namespace and state that a look has seen and not kept.
package struct RowsLeftOut: Hashable, Sendable {
  package var namespace: NetnsID
  package var state: TCPState
  package var count: Int

  package init(_ namespace: NetnsID, _ state: TCPState, count: Int) {
    self.namespace = namespace
    self.state = state
    self.count = count
  }
}

/// How many rows a look may keep. All are counted; where there are more, TIME_WAIT goes first, then
/// ESTABLISHED, and what may be a leak stays for as long as there is room for that.
package struct RowBudget: Sendable {
  package let most: Int
  /// The first row of the table that is being read.
  package private(set) var start = 0
  private var counts: [NetnsID: [Int]] = [:]
  /// Rows before this have been gone through.
  private var examined = 0
  /// By rank: no row before ``examined`` has it.
  private var isExhausted = [true, true, true]

  /// What goes where there is too much, in this order, before what may be a leak.
  package static let goesFirst: [TCPState] = [.timeWait, .established]
  private static let ranks = goesFirst + [nil]

  package init(most: Int) { self.most = most }

  /// A table begins at the end of these rows.
  package mutating func begin(_ rows: [SocketRow]) {
    start = rows.count
    examined = max(examined, start)
    isExhausted = [false, false, false]
  }

  /// To be called now and then while rows are added: makes room when there are a sixteenth too
  /// many, so that each row is moved a few times and not once for each that comes.
  package mutating func makeRoom(in rows: inout [SocketRow]) {
    if rows.count > mostBetweenCuts { cut(&rows) }
  }

  private var mostBetweenCuts: Int { most + max(most / 16, 256) }

  /// For how many rows there must be room, so that their array never grows while tables are read of
  /// which so many are expected.
  package func room(for expected: Int) -> Int {
    // Tables grow meanwhile; and a datagram of rows (up to 372) or 64 KiB of procfs (up to 430) is
    // whole before ``makeRoom(in:)`` is called.
    min(expected.addingClamped(expected / 16), mostBetweenCuts) + 1024
  }

  /// The table is whole, and its rows may have moved since room was made.
  package mutating func finish(_ rows: inout [SocketRow]) {
    examined = start
    isExhausted = [false, false, false]
    cut(&rows)
  }

  /// The table that is being read is given up: it will be read another way.
  package mutating func giveUp(_ rows: inout [SocketRow], of namespace: NetnsID) {
    rows.removeLast(rows.count - start)
    examined = min(examined, start)
    counts[namespace] = nil
  }

  /// What was seen and not kept.
  package var leftOut: [RowsLeftOut] {
    counts.sorted { $0.key < $1.key }.flatMap { namespace, states in
      states.indices.filter { states[$0] > 0 }.map {
        RowsLeftOut(namespace, TCPState(rawValue: UInt8($0)), count: states[$0])
      }
    }
  }

  /// The gap that says so; nil when every row was kept.
  package var gap: Gap? {
    let count = leftOut.reduce(0) { $0 + $1.count }
    guard count > 0 else { return nil }
    return Gap(
      .boundReached, count: count,
      detail: "\(count) sockets were counted and not kept: there is memory for \(most) of them")
  }

  private mutating func cut(_ rows: inout [SocketRow]) {
    for (rank, state) in Self.ranks.enumerated() {
      guard rows.count > most else { break }
      // What came last is looked through first: it is short, and not in the order of anything.
      remove(rows.count - most, of: state, from: examined, in: &rows)
      guard rows.count > most, !isExhausted[rank] else { continue }
      // Then more at a time than is needed, as all of it has to be looked through.
      let wanted = rows.count - most + (state == nil ? 0 : most / 8)
      isExhausted[rank] = remove(wanted, of: state, from: 0, in: &rows) < wanted
    }
    // What has come since may have what there was no more of.
    for (rank, state) in Self.ranks.enumerated() where isExhausted[rank] {
      isExhausted[rank] = !rows[min(examined, rows.count)...].contains {
        state == nil || $0.state == state
      }
    }
    examined = rows.count
  }

  /// Removes up to `count` rows of a state (nil: of any), and counts them.
  @discardableResult
  private mutating func remove(
    _ count: Int, of state: TCPState?, from first: Int, in rows: inout [SocketRow]
  ) -> Int {
    var removed = 0
    var next = first
    var beforeStart = 0
    var beforeExamined = 0
    for index in first..<rows.count {
      let row = rows[index]
      // Of what may be a leak, what has come first stays.
      let isDue = state == nil ? index >= rows.count - count : row.state == state
      if isDue, removed < count {
        removed += 1
        if index < start { beforeStart += 1 }
        if index < examined { beforeExamined += 1 }
        counts[row.namespace, default: [Int](repeating: 0, count: 256)][Int(row.state.rawValue)] +=
          1
      } else {
        if next != index { rows[next] = row }
        next += 1
      }
    }
    rows.removeLast(removed)
    start -= beforeStart
    examined -= beforeExamined
    return removed
  }
}
