// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
package import KernelTables

/// What a triage says of the sockets beside its verdicts: how many in which state, and which wait
/// to be closed. Small, whatever the host. Of a look of its own or of what the daemon remembers:
/// both are a census.
package struct TriageCensus: Sendable {
  package let takenAt: BootInstant
  /// The same moment in seconds since 1970.
  package let wallClockSeconds: Double
  /// The states that are counted.
  let states: StateSet
  /// That of closewatch first, then those with most sockets.
  let namespaces: [NamespaceAccount]
  /// How many processes hold one of the sockets, or a descriptor on a dead one.
  let processes: Int
  /// What no finding speaks of, those with most sockets first. Without what has just come, which is
  /// about to be closed as a rule, or to be accepted.
  let suspicious: [WaitingGroup]
  private static let fewestSecondsWaited = 1.0
  /// For accept(): a busy server lets it wait for a moment.
  private static let fewestSecondsUnaccepted = 10.0
  /// Of what waits to be closed, what pending findings speak of: sockets, and dead ones.
  let pendingSockets: Int
  let pendingDead: Int
  package let gaps: [Gap]
  /// Whether closewatch ran as root: then it is no advice to do so.
  let wasReadAsRoot: Bool

  /// - Parameters:
  ///   - census: After it was told the holders.
  ///   - patienceSeconds: What has waited for longer is stuck.
  ///   - target: What it is narrowed to.
  ///   - findings: Those of the target: what they speak of is not told again.
  ///   - gaps: Of the newest sample and the newest search.
  package init(
    _ census: Census, patienceSeconds: Double, target: TriageTarget?, besides findings: [Finding],
    gaps: [Gap], wasReadAsRoot: Bool
  ) {
    var survey = HostSurvey(
      census, patienceSeconds: patienceSeconds, scope: target?.scope(in: census),
      groups: WaitingGroups(besides: findings))
    survey.run(remembered: true)
    let picture = survey.picture
    takenAt = census.now
    wallClockSeconds = census.sample.wallClockSeconds
    states = picture.knowsEstablished ? .all : census.sample.states
    processes = picture.processes
    namespaces = picture.namespaces.sorted { Self.key($0) < Self.key($1) }
    suspicious = (survey.groups?.sorted ?? []).filter { group in
      let fewest =
        group.kind == .unaccepted
        ? min(patienceSeconds, Self.fewestSecondsUnaccepted) : Self.fewestSecondsWaited
      return group.oldest?.seconds ?? .infinity >= fewest
    }
    pendingSockets = survey.groups?.pendingSockets ?? 0
    pendingDead = survey.groups?.pendingDead ?? 0
    self.gaps = SocketListing.merged(gaps)
    self.wasReadAsRoot = wasReadAsRoot
  }

  /// Of the whole host, or of the target.
  var sums: StateCounts { namespaces.reduce(into: StateCounts()) { $0 += $1.states } }
  var sockets: Int { sums.total }

  /// Whether anything of the target is known.
  package var hasSeen: Bool { sockets > 0 || processes > 0 }

  private static func key(_ account: NamespaceAccount) -> (Int, Int, NetnsID) {
    (account.sample.isOwn ? 0 : 1, -account.states.total, account.id)
  }
}
