// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
package import KernelTables

/// A unit, container or program, and the sockets of it that do not get closed.
package struct StuckOwner: Hashable, Sendable {
  package var owner: Owner
  /// Sockets that have been in a closing state, without a byte either way, for the patience.
  package var stuck: [TCPState: Int] = [:]
  /// When the oldest of them entered its state, at the latest.
  package var oldest: BootInstant?
  /// Descriptors on sockets that are in no table.
  package var deadSockets = 0
  /// Of the process nearest to its limit: descriptors open, and the soft limit.
  package var descriptors: Int?
  package var descriptorLimit: UInt64?

  package init(_ owner: Owner) { self.owner = owner }

  /// Sockets and descriptors that should be gone.
  package var total: Int { stuck.values.reduce(deadSockets, +) }

  /// The states in which a socket has been closed by one side and not by the other.
  package static let states: [TCPState] = [.finWait1, .finWait2, .closeWait, .lastAck, .closing]

  /// All owners in a census that have any, those with most first.
  ///
  /// - Parameters:
  ///   - census: After it was told the holders.
  ///   - patienceSeconds: How long is stuck.
  package static func all(in census: Census, patienceSeconds: Double) -> [StuckOwner] {
    var survey = StuckSurvey(census)
    survey.countConnections(patienceSeconds: patienceSeconds)
    survey.countDeadSockets()
    survey.noteDescriptors()
    return survey.owners.values.sorted {
      ($1.total, $0.owner.name, $0.owner.kind.rawValue)
        < ($0.total, $1.owner.name, $1.owner.kind.rawValue)
    }
  }
}

/// The pass over a census that finds the ``StuckOwner``s.
private struct StuckSurvey {
  let census: Census
  var owners: [Owner: StuckOwner] = [:]
  private var charged: SocketOwners
  private static let wanted = StateSet(StuckOwner.states)

  init(_ census: Census) {
    self.census = census
    charged = SocketOwners(census)
  }

  /// Sockets of one process in one state.
  private struct Tally {
    var count = 0
    var oldest: BootInstant
  }

  private struct TallyKey: Hashable {
    var process: Int32
    var state: TCPState
  }

  mutating func countConnections(patienceSeconds: Double) {
    let limit = census.now.advanced(bySeconds: -patienceSeconds)
    // By number first: there are few owners, and their names are long.
    var tallies: [TallyKey: Tally] = [:]
    for connection in census.connections {
      guard Self.wanted.contains(connection.state),
        max(connection.stateSince, connection.progressAt) <= limit,
        let row = census.row(of: connection)
      else { continue }
      let key = TallyKey(
        process: charged.process(of: connection, row).index, state: connection.state)
      var tally = tallies[key] ?? Tally(oldest: connection.stateSince)
      tally.count += 1
      tally.oldest = min(tally.oldest, connection.stateSince)
      tallies[key] = tally
    }
    for (key, tally) in tallies {
      let owner = charged.owner(process: key.process)
      var entry = owners[owner] ?? StuckOwner(owner)
      entry.stuck[key.state, default: 0] += tally.count
      entry.oldest = entry.oldest.map { min($0, tally.oldest) } ?? tally.oldest
      owners[owner] = entry
    }
  }

  mutating func countDeadSockets() {
    for deadSocket in census.deadSockets.all.values {
      let owner = charged.owner(process: deadSocket.process)
      owners[owner, default: StuckOwner(owner)].deadSockets += 1
    }
  }

  /// The limit is each process's own: that of the one which will hit it first counts.
  mutating func noteDescriptors() {
    for (index, record) in census.processes.indexed {
      let owner = charged.owner(process: index)
      guard let used = record.descriptorCount, let limit = record.descriptorSoftLimit, limit > 0,
        let entry = owners[owner]
      else { continue }
      let share = Double(used) / Double(limit)
      let other = entry.descriptors.map {
        Double($0) / Double(max(entry.descriptorLimit ?? 1, 1))
      }
      if let other, other >= share { continue }
      owners[owner]?.descriptors = used
      owners[owner]?.descriptorLimit = limit
    }
  }
}
