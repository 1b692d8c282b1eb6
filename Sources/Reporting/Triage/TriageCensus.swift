// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
package import KernelTables

/// What a triage says of the sockets beside its verdicts: how many in which state, and which wait
/// to be closed. Small, whatever the host; made of a look with its holders, or of what the daemon
/// remembers.
package struct TriageCensus: Sendable {
  package let takenAt: BootInstant
  /// The same moment in seconds since 1970.
  package let wallClockSeconds: Double
  /// The states that are counted.
  let states: StateSet
  let sockets: Int
  /// How many processes hold one of them, or a descriptor on a dead one.
  let processes: Int
  let namespaces: [NamespaceCensus]
  /// Those with most sockets first.
  let suspicious: [SuspiciousGroup]
  package let gaps: [Gap]
  /// Whether closewatch ran as root: then it is no advice to do so.
  let wasReadAsRoot: Bool

  /// Of a look with the holders that were found for it.
  ///
  /// - Parameter findings: What they speak of is not told again.
  package init(_ listing: SocketListing, besides findings: [Finding]) {
    let sample = listing.sample
    takenAt = sample.takenAt
    wallClockSeconds = sample.wallClockSeconds
    states = sample.states
    sockets = sample.sockets.count
    processes = Set(listing.holders.map(\.process) + listing.deadSockets.map(\.process)).count
    namespaces = NamespaceCensus.all(in: sample)
    gaps = listing.gaps
    wasReadAsRoot = listing.wasReadAsRoot
    var groups = SuspiciousGroups(besides: findings)
    for entry in listing.entries {
      let row = listing.row(entry)
      guard let kind = SuspiciousGroup.Kind(row) else { continue }
      groups.add(row, kind, entry.age, Self.processes(of: entry, in: listing))
    }
    for deadSocket in listing.deadSockets {
      let record = listing.processes[deadSocket.process.pid]
      groups.addDeadSocket(SuspiciousGroups.Process(pid: deadSocket.process.pid, record: record))
    }
    suspicious = groups.sorted
  }

  private static func processes(
    of entry: SocketListing.Entry, in listing: SocketListing
  ) -> [SuspiciousGroups.Process] {
    let holders =
      if let listener = entry.listener { listing.listeners[Int(listener)].holders } else {
        entry.holders.map { listing.holders[Int($0)] }
      }
    return holders.map { holder in
      SuspiciousGroups.Process(
        pid: holder.process.pid, record: listing.processes[holder.process.pid])
    }
  }

  /// Of what the daemon remembers.
  ///
  /// - Parameters:
  ///   - census: After its newest turn.
  ///   - target: What it is narrowed to.
  ///   - findings: Those of the target: what they speak of is not told again.
  ///   - gaps: Of the newest turn.
  /// - Returns: nil when nothing is known of the target.
  package init?(
    _ census: Census, target: TriageTarget?, besides findings: [Finding], gaps: [Gap]
  ) {
    var survey = CensusSurvey(census, target: target, besides: findings)
    survey.countRows()
    survey.countRemembered()
    survey.countDeadSockets()
    guard target == nil || survey.hasSeen || !findings.isEmpty else { return nil }
    takenAt = census.sample.takenAt
    wallClockSeconds = census.sample.wallClockSeconds
    states = .all
    sockets = survey.sockets
    processes = survey.processes.count
    namespaces = NamespaceCensus.ordered(census.sample.namespaces, survey.counts)
    suspicious = survey.groups.sorted
    self.gaps = SocketListing.merged(gaps)
    // The daemon has the rights that its unit gives it; doctor says which it lacks.
    wasReadAsRoot = true
  }
}

/// The pass over a census that finds what a ``TriageCensus`` has.
private struct CensusSurvey {
  private let census: Census
  private let target: TriageTarget?
  private(set) var counts: [NetnsID: [TCPState: Int]] = [:]
  private(set) var sockets = 0
  /// Indices of the process table.
  private(set) var processes: Set<Int32> = []
  private(set) var groups: SuspiciousGroups

  /// Whether anything of the target is known.
  var hasSeen: Bool { sockets > 0 || !processes.isEmpty }

  init(_ census: Census, target: TriageTarget?, besides findings: [Finding]) {
    self.census = census
    self.target = target
    groups = SuspiciousGroups(besides: findings)
  }

  mutating func countRows() {
    for row in census.sample.sockets {
      let kind = SuspiciousGroup.Kind(row)
      let isWaiting = row.isUnaccepted || row.state == .synRecv || row.state == .newSynRecv
      var holding = census.holders.holders(of: row.inode).map(\.process)
      if isWaiting { holding += census.listenerHolders(of: row) }
      guard admits(row.localPort, row.remotePort, holding) else { continue }
      count(row.state, in: row.namespace)
      if !isWaiting { processes.formUnion(holding) }
      guard let kind else { continue }
      groups.add(row, kind, age(row), holding.map(process))
    }
  }

  /// What was watched, where it is more than what the row tells.
  private func age(_ row: SocketRow) -> Age {
    guard let age = census.connection(of: row)?.age(at: census.now), age.seconds > 0
    else { return .unknown }
    return age
  }

  /// ESTABLISHED connections of the newest look that read them, when this one did not.
  mutating func countRemembered() {
    guard !census.sample.states.contains(.established) else { return }
    for connection in census.connections
    where connection.rowIndex < 0 && connection.state == .established {
      let holder = census.holders.first(of: connection.inode)?.process ?? connection.opener
      let holding = holder < 0 ? [] : [holder]
      guard admits(connection.localPort, connection.remotePort, holding) else { continue }
      count(.established, in: connection.id.namespace)
      processes.formUnion(holding)
    }
  }

  mutating func countDeadSockets() {
    for deadSocket in census.deadSockets.all.values {
      if case .port = target { continue }
      guard admits(0, 0, [deadSocket.process]) else { continue }
      processes.insert(deadSocket.process)
      groups.addDeadSocket(process(deadSocket.process))
    }
  }

  private mutating func count(_ state: TCPState, in namespace: NetnsID) {
    sockets += 1
    counts[namespace, default: [:]][state, default: 0] += 1
  }

  private func process(_ index: Int32) -> SuspiciousGroups.Process {
    let record = census.processes[index]
    return SuspiciousGroups.Process(pid: record?.id.pid ?? -1, record: record)
  }

  private func admits(_ local: UInt16, _ remote: UInt16, _ holding: [Int32]) -> Bool {
    switch target {
    case nil: true
    case .port(let port): local == port || remote == port
    case .pid(let pid): holding.contains { census.processes[$0]?.id.pid == pid }
    case .unit(let unit):
      holding.contains { TriageTarget.matches(census.processes[$0]?.unit, unit) }
    }
  }
}
