// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// What a host has at one moment, summed up: the one model of the host, that metrics, the status
/// page, triage and top read. Bounded by the number of owners and namespaces; no row of the table
/// is in it.
package struct HostPicture: Sendable {
  /// When its sample was taken; nil: there was none yet.
  package var takenAt: BootInstant?
  /// Whether ESTABLISHED was ever read: before, 0 would be a claim.
  package var knowsEstablished = false
  /// By id.
  package var namespaces: [NamespaceAccount] = []
  /// Whoever has sockets, in no order: readers take ``Swift/Sequence/ordered(by:)`` and fold.
  package var owners: [OwnerAccount] = []
  /// Processes that have a socket or a dead descriptor in the sample.
  package var processes = 0
  /// Listeners with the longest queues, and how many others there are.
  package var listeners: [ListenerAccount] = []
  package var listenersLeftOut = 0
  /// Ephemeral ports in use to one destination, fullest first, and how many others there are; of
  /// the newest sample that read ESTABLISHED.
  package var routes: [RouteAccount] = []
  package var routesLeftOut = 0
  /// Connections in the census, and rows not remembered because its bound was reached.
  package var connectionsRemembered = 0
  package var connectionsFolded = 0
  /// Sockets in flight between processes.
  package var descriptorsInFlight: Int? = 0

  package init() {}

  /// Sums up a census after it was told the holders.
  ///
  /// - Parameters:
  ///   - patienceSeconds: What has waited for longer is stuck.
  ///   - before: The picture of the turn before: what this sample did not ask for is from there.
  package init(_ census: Census, patienceSeconds: Double, before: HostPicture? = nil) {
    let isWhole = census.sample.states.contains(.established)
    let canTakeOver = before?.hasOnly(census.sample.namespaces) ?? false
    var survey = HostSurvey(census, patienceSeconds: patienceSeconds)
    survey.run(remembered: !isWhole && !canTakeOver)
    self = survey.picture
    if let before, !isWhole {
      routes = before.routes
      routesLeftOut = before.routesLeftOut
      if canTakeOver { takeEstablished(before) }
    }
  }

  /// Sockets by state, of all namespaces.
  package var states: StateCounts {
    namespaces.reduce(into: StateCounts()) { $0 += $1.states }
  }

  package func namespace(_ id: NetnsID) -> NamespaceAccount? {
    namespaces.first { $0.id == id }
  }

  /// Whether all its namespaces are still there: else nobody can tell which ESTABLISHED sockets
  /// of its owners have gone with one of them.
  private func hasOnly(_ samples: [NamespaceSample]) -> Bool {
    let known = Set(samples.map(\.id))
    return namespaces.allSatisfy { known.contains($0.id) }
  }

  /// Takes over what only a sample with ESTABLISHED knows: that costs nothing, where to count what
  /// is remembered costs as much as the sample did.
  private mutating func takeEstablished(_ before: HostPicture) {
    let known = Dictionary(uniqueKeysWithValues: before.namespaces.map { ($0.id, $0) })
    for position in namespaces.indices {
      let old = known[namespaces[position].id]
      namespaces[position].states[.established] = old?.states[.established] ?? 0
      namespaces[position].unacceptedLiving = old?.unacceptedLiving ?? 0
    }
    var positions: [Owner: Int] = [:]
    for position in owners.indices {
      owners[position].states[.established] = 0
      positions[owners[position].owner] = position
    }
    for old in before.owners where old.states[.established] > 0 {
      if let position = positions[old.owner] {
        owners[position].states[.established] = old.states[.established]
      } else {
        var account = OwnerAccount(old.owner)
        account.states[.established] = old.states[.established]
        owners.append(account)
      }
    }
  }
}
