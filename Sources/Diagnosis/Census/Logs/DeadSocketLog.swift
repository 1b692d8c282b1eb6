// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// A descriptor on a dead TCP socket, with what is remembered of its connection.
package struct DeadSocket: Sendable {
  package var inode: UInt64
  /// An index into ``ProcessTable``.
  package var process: Int32
  package var fd: Int32
  /// When it was first found dead, or the connection was last seen alive.
  package var since: BootInstant
  /// Whether it was there at the first search: since when is not known.
  package var isInherited: Bool
  /// The connection it was, if it was seen alive.
  package var connection: Connection?
  var absences = 0
}

/// All descriptors on dead sockets, over time.
package struct DeadSocketLog: Sendable {
  private static let limit = 65_536

  package private(set) var all: [UInt64: DeadSocket] = [:]
  /// Connections whose row has gone while a process held them, until a search tells whether the
  /// descriptor is still there.
  package private(set) var unresolved: [UInt64: Connection] = [:]
  /// When all that there are were last found.
  private var searchedAt: BootInstant?
  /// The last search was cut short: of what has come since then nobody knows how much there is.
  package private(set) var cutSince: BootInstant?
  /// Whose descriptors the newest search has looked through; without pids, everybody's.
  private var covered: (at: BootInstant, pids: Set<Int32>?)?
  /// Dead sockets that went away: their descriptors were closed.
  package private(set) var departures: [Departure] = []

  /// - Returns: False when there is no room to wait for that search.
  mutating func connectionGone(_ connection: Connection) -> Bool {
    guard unresolved.count < Self.limit else { return false }
    unresolved[connection.inode] = connection
    return true
  }

  /// Takes in a search for dead sockets.
  ///
  /// - Parameters:
  ///   - found: All dead sockets of the processes searched.
  ///   - absent: Connections by inode whose row was missing in the newest look. A row counts as
  ///     gone after two absences; its descriptor is found dead at the first.
  ///   - provesGone: Whether a connection is gone for good that is not among those found.
  ///   - holders: Who else is known to have had a socket, besides the opener of its connection.
  ///   - searched: Whether a process (by index) was in the search.
  /// - Returns: The connections that turned out to be really gone: their descriptors are closed.
  ///   And the dead sockets whose descriptors are closed now.
  mutating func update(
    _ found: [(deadSocket: DeadDescriptor, process: Int32)], at instant: BootInstant,
    absent: [UInt64: Connection] = [:], provesGone: Bool = true,
    holders: (UInt64) -> [Int32] = { _ in [] }, searched: (Int32) -> Bool
  ) -> (gone: [Connection], closed: [DeadSocket]) {
    var present = Set<UInt64>()
    for (descriptor, process) in found {
      present.insert(descriptor.inode)
      if let known = all[descriptor.inode] {
        all[descriptor.inode]?.absences = 0
        // Found dead by a search that was too narrow to see the row go.
        if known.connection == nil, let connection = unresolved[descriptor.inode] {
          all[descriptor.inode]?.connection = connection
          all[descriptor.inode]?.since = connection.lastSeen
        }
      } else if all.count < Self.limit {
        let connection = unresolved[descriptor.inode] ?? absent[descriptor.inode]
        all[descriptor.inode] = DeadSocket(
          inode: descriptor.inode, process: process, fd: descriptor.fd,
          since: connection?.lastSeen ?? instant,
          isInherited: searchedAt == nil && connection == nil, connection: connection)
      }
    }
    var closed: [DeadSocket] = []
    for deadSocket in all.values
    where !present.contains(deadSocket.inode) && searched(deadSocket.process) {
      all[deadSocket.inode] = nil
      closed.append(deadSocket)
      departures.append(
        Departure(
          at: instant, dwellSeconds: instant.seconds(since: deadSocket.since),
          process: deadSocket.process))
    }
    if departures.count > 1024 { departures.removeFirst(departures.count - 512) }
    var gone: [Connection] = []
    for (inode, connection) in unresolved
    where present.contains(inode) || connection.opener < 0
      || provesGone && searched(connection.opener) && holders(inode).allSatisfy(searched)
    {
      unresolved[inode] = nil
      if !present.contains(inode) { gone.append(connection) }
    }
    // A crowd that has gone leaves its room behind, for as long as the process runs.
    if unresolved.capacity > 1024, unresolved.count < unresolved.capacity / 8 {
      unresolved = Dictionary(uniqueKeysWithValues: Array(unresolved))
    }
    return (gone, closed)
  }

  /// What a search at an instant has not found of these processes is not there.
  mutating func searchCovered(_ pids: Set<Int32>?, at instant: BootInstant) {
    covered = (instant, pids)
  }

  /// Whether a search at an instant would have found what a process had.
  func wasCovered(_ pid: Int32, at instant: BootInstant) -> Bool {
    guard let covered, covered.at == instant else { return false }
    return covered.pids?.contains(pid) ?? true
  }

  /// A search of all processes is over.
  mutating func searchEnded(at instant: BootInstant, wasCut: Bool) {
    cutSince = wasCut ? searchedAt : nil
    if !wasCut { searchedAt = instant }
  }

  /// Processes have ended: what they had goes with them, or to those that have it too.
  ///
  /// - Returns: The inodes that went.
  mutating func leave(_ processes: Set<Int32>, to heirs: [UInt64: Int32]) -> [UInt64] {
    var gone: [UInt64] = []
    for deadSocket in all.values where processes.contains(deadSocket.process) {
      if let heir = heirs[deadSocket.inode] {
        all[deadSocket.inode]?.process = heir
      } else {
        all[deadSocket.inode] = nil
        gone.append(deadSocket.inode)
      }
    }
    return gone
  }

  var processes: Set<Int32> {
    Set(all.values.map(\.process)).union(all.values.compactMap { $0.connection?.opener })
      .union(unresolved.values.map(\.opener)).union(departures.map(\.process))
  }
}
