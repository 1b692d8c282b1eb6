// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// What the open descriptors of a process are.
package struct DescriptorContents: Hashable, Sendable {
  /// Sockets in one state that lead to one place.
  package struct Place: Hashable, Sendable {
    package var state: TCPState
    /// The local port of connections that came in; nil for those that it opened.
    package var localPort: UInt16?
    /// Where connections that it opened lead to.
    package var remote: Endpoint?
    package var sockets: Int
  }

  package var open: Int
  /// Those with most sockets first, at most three.
  package var places: [Place]
  /// TCP sockets in all, with those in ``places``.
  package var sockets: Int
  /// Descriptors on sockets whose connection is dead.
  package var dead: Int

  /// What is neither: files, pipes, other sockets; and TCP sockets of a namespace that was not
  /// read.
  package var rest: Int { max(0, open - sockets - dead) }
}

extension DescriptorContents {
  /// How many places are listed one by one.
  private static let mostPlaces = 3

  /// What a process has open, as far as the newest sample and what is remembered of ESTABLISHED
  /// sockets show it.
  init(of process: Int32, open: Int, in census: Census) {
    var places: [Place: Int] = [:]
    for connection in census.connections where Self.isHeld(connection, by: process, in: census) {
      let isInbound = connection.flags.contains(.isInbound)
      let place = Place(
        state: connection.state, localPort: isInbound ? connection.localPort : nil,
        remote: isInbound ? nil : census.row(of: connection)?.remote, sockets: 0)
      places[place, default: 0] += 1
    }
    let sockets = places.values.reduce(0, +)
    self.open = open
    self.sockets = sockets
    dead = census.deadSockets.all.values.count { $0.process == process }
    self.places = places.map { place, count in
      var place = place
      place.sockets = count
      return place
    }
    .sorted { a, b in
      a.sockets == b.sockets
        ? (a.localPort ?? 0, a.remote?.port ?? 0, a.state.rawValue)
          < (b.localPort ?? 0, b.remote?.port ?? 0, b.state.rawValue)
        : a.sockets > b.sockets
    }
    .prefix(Self.mostPlaces).map { $0 }
  }

  private static func isHeld(
    _ connection: Connection, by process: Int32, in census: Census
  ) -> Bool {
    guard connection.inode != 0 else { return false }
    if let row = census.row(of: connection) {
      guard row.inode != 0 else { return false }
    } else if census.sample.states.contains(connection.state) {
      return false
    }
    return census.holders.isHolder(process, of: connection.inode)
      ?? (connection.opener == process)
  }
}
