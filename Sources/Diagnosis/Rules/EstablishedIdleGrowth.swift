// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension RuleID {
  package static let establishedIdleGrowth = RuleID("established-idle-growth")
}

extension Cause {
  package static let idleNeverClosed = Cause("idle-never-closed")
}

/// Established connections that nobody uses and nobody closes grow: one opened for each piece of
/// work and then forgotten, a pool without a limit, or peers that died without a word while no
/// keepalive runs.
///
/// Idle connections are normal, and so is that users and devices come online. So only growth is
/// looked at, and it is told when it reaches something: the descriptors of the process, or the
/// ports to the place that it connects to.
package enum EstablishedIdleGrowth: Rule {
  package static let id = RuleID.establishedIdleGrowth
  package static let causes: [Cause] = [.idleNeverClosed]
  package static let states: [TCPState] = [.established]
  package static let patience = Patience(of: id, usually: .idle)
  package static let thresholds: [Threshold] = [
    .patience, .firstUse, .fewestIdle, .drainShare, .descriptorShareWarning, .portShareCritical,
    .criticalHorizon, .noticeHorizon,
  ]

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    guard inquiry.census.sample.states.contains(.established) else { return [] }
    let idleSeconds = patience.seconds(inquiry.settings)
    let groups = inquiry.groups(of: .established) { connection, row in
      row.inode != 0 && row.knowledge.contains(.tcpInfo)
        && (row.silentSeconds >= idleSeconds || isUnused(connection, row, in: inquiry))
    }
    return groups.filter { $0.members.count >= inquiry.settings.fewestIdle }.compactMap { group in
      unused(group, in: inquiry) ?? idle(group, in: inquiry)
    }
  }

  // MARK: Opened, used once at the most, and forgotten

  /// Whether a connection that this side opened has not been used since it was new. The answer to
  /// what was sent on it has come, or nothing was sent: nobody waits.
  private static func isUnused(
    _ connection: Connection, _ row: SocketRow, in inquiry: Inquiry
  ) -> Bool {
    let (census, settings) = (inquiry.census, inquiry.settings)
    let silent = row.silentSeconds
    let lastUse = census.now.advanced(bySeconds: -silent)
    return !connection.flags.contains(.isInbound) && row.receiveQueue == 0 && row.sendQueue == 0
      && silent >= min(2 * census.intervalSeconds, settings.patienceSeconds)
      && lastUse.seconds(since: connection.firstSeen) <= settings.firstUseSeconds
      && !row.waitsForAnswer
  }

  /// A pool takes an idle connection before it opens another one. Of one process to one place,
  /// those that are opened while a hundred lie there unused are no pool's. One that was filled at
  /// its start has no more to come.
  private static func unused(_ group: SocketGroup, in inquiry: Inquiry) -> Finding? {
    guard !group.port.isInbound else { return nil }
    var forgotten = group
    forgotten.members = crowded(
      group.members.filter { connection in
        inquiry.census.row(of: connection).map { isUnused(connection, $0, in: inquiry) } ?? false
      }, in: inquiry)
    let trend = inquiry.trend(forgotten, patienceSeconds: inquiry.settings.patienceSeconds) {
      inquiry.census.row(of: $0)?.silentSince(inquiry.census.now) ?? $0.progressAt
    }
    guard 2 * trend.survivors >= inquiry.settings.fewestIdle,
      let pause = longestPause(forgotten, in: inquiry)
    else { return nil }
    return finding(
      of: forgotten, trend, pausing: pause, in: inquiry,
      .neverUsedAgain(
        count: forgotten.members.count, longest: trend.survivors,
        patienceSeconds: trend.patienceSeconds))
  }

  /// Those of a process and a place that have enough of them together.
  private static func crowded(_ members: [Connection], in inquiry: Inquiry) -> [Connection] {
    struct Way: Hashable {
      var process: Int32
      var remote: Endpoint
    }
    let ways = Dictionary(grouping: members) { connection in
      Way(
        process: connection.opener,
        remote: inquiry.census.row(of: connection)?.remote
          ?? Endpoint(.anyIPv4, connection.remotePort))
    }
    return ways.filter { $0.key.process >= 0 && $0.value.count >= inquiry.settings.fewestIdle }
      .sorted { ($0.key.process, $0.key.remote) < ($1.key.process, $1.key.remote) }
      .flatMap(\.value)
  }

  // MARK: Idle for long, whatever they were used for

  private static func idle(_ group: SocketGroup, in inquiry: Inquiry) -> Finding? {
    let idleSeconds = patience.seconds(inquiry.settings)
    var silent = group
    silent.members = group.members.filter { connection in
      (inquiry.census.row(of: connection)?.silentSeconds ?? 0) >= idleSeconds
    }
    guard silent.members.count >= inquiry.settings.fewestIdle else { return nil }
    // Growth of those that are idle: each comes to them when it has been silent for long enough.
    let trend = inquiry.trend(silent, patienceSeconds: idleSeconds) {
      $0.progressAt.advanced(bySeconds: idleSeconds)
    }
    return finding(
      of: silent, trend, in: inquiry,
      .survivors(count: silent.members.count, patienceSeconds: idleSeconds))
  }

  // MARK: What it reaches

  /// - Parameter pause: How many seconds may pass between two batches of what grows.
  private static func finding(
    of group: SocketGroup, _ trend: Trend, pausing pause: Double = 0, in inquiry: Inquiry,
    _ proof: Evidence
  ) -> Finding? {
    guard let growth = trend.growth, trend.isGrowing, !trend.isDraining, !trend.isWatchedTooShort,
      goesOn(group, growth, pausing: pause, in: inquiry)
    else { return nil }
    let draft = FindingDraft(inquiry, rule: id, namespace: group.port.namespace)
    var finding = draft.finding(
      group, cause: .idleNeverClosed, trend: trend, holders: draft.holders(of: group.members))
    finding.evidence.removeAll { if case .survivors = $0 { true } else { false } }
    finding.evidence.insert(proof, at: 0)
    guard reaches(finding, group, in: inquiry) else { return nil }
    finding.severity = inquiry.settings.severity(of: finding.forecast)
    finding.standingSeverity = .notice
    finding.members = group.members.map(inquiry.census.member)
    finding.lifecycle = .firing
    return finding
  }

  /// Whether more still come. What grows are those that have been idle for a time: that goes on for
  /// as long after the last one has come. So as many must have come since then as the growth would
  /// bring (half of them, less two standard deviations), and one of them just now.
  private static func goesOn(
    _ group: SocketGroup, _ growth: Rate, pausing pause: Double, in inquiry: Inquiry
  ) -> Bool {
    let census = inquiry.census
    let recent = max(5 / max(growth.perSecond, 1e-9), census.intervalSeconds) + pause
    let since = census.now.advanced(bySeconds: -recent)
    let processes = Set(group.members.map(\.opener))
    let newest = group.members.lazy.map(\.firstSeen).max() ?? since
    var (came, hasJustCome) = (0, false)
    for connection in census.connections
    where connection.firstSeen > min(since, newest) && PortKey(connection) == group.port
      // Whose the newest are is not learnt at every look.
      && (connection.opener < 0 || processes.contains(connection.opener))
    {
      if connection.firstSeen > newest { came += 1 }
      if connection.firstSeen > since { hasJustCome = true }
    }
    let expected = growth.perSecond * max(0, census.now.seconds(since: newest) - pause)
    return hasJustCome && Double(came) >= expected / 2 - 2 * expected.squareRoot()
  }

  /// Whether they have come over at least the patience, evenly: one by one, or in batches. A pool
  /// is filled in one go, and another may be filled beside it; how far apart the batches of a leak
  /// are is not known, so that several times are tried.
  ///
  /// - Returns: The longest pause between two of them in that time; nil when they have not.
  private static func longestPause(_ group: SocketGroup, in inquiry: Inquiry) -> Double? {
    let census = inquiry.census
    let silent = group.members.compactMap { census.row(of: $0)?.silentSeconds }.sorted()
    guard let youngest = silent.first else { return nil }
    let oldest = silent[min(newestForPace, silent.count) - 1]
    let shortest = max(inquiry.settings.patienceSeconds, oldest - youngest)
    for times in [1.0, 2, 4, 8] {
      let span = shortest * times
      var parts = [Int](repeating: 0, count: 4)
      let newest = silent.prefix { $0 - youngest <= span }
      for seconds in newest { parts[min(3, Int((seconds - youngest) / span * 4))] += 1 }
      guard parts.allSatisfy({ 10 * $0 >= newest.count }) else { continue }
      return zip(newest, newest.dropFirst()).map { $1 - $0 }.max() ?? 0
    }
    return nil
  }

  /// So many of them show the pace at which they come.
  private static let newestForPace = 40

  /// Half of what there is has gone; or the rest goes soon, and these are nobody's.
  ///
  /// A straight line proves little, the less the shorter it is: a hundred must reach the end within
  /// the horizon of what is critical, and each further hundred may take as long again.
  private static func reaches(
    _ finding: Finding, _ group: SocketGroup, in inquiry: Inquiry
  ) -> Bool {
    guard var forecast = finding.forecast, let seconds = forecast.seconds else { return false }
    let settings = inquiry.settings
    let horizon =
      settings.criticalHorizonSeconds * Double(group.members.count) / Double(settings.fewestIdle)
    if seconds <= min(horizon, settings.noticeHorizonSeconds), !isUsers(group, in: inquiry) {
      return true
    }
    forecast.stop()
    return settings.severity(of: forecast) > .notice && opensMore(finding, in: inquiry)
  }

  /// Whether its process has more and more open. More can be idle while as many go as come: at a
  /// server that is at its limit of clients.
  private static func opensMore(_ finding: Finding, in inquiry: Inquiry) -> Bool {
    guard finding.forecast?.resource == .descriptors,
      let process = finding.culprits.first(where: { $0.role == .holder })?.process.id
    else { return true }
    return inquiry.census.counters.descriptorCourse(
      of: process, above: 0, window: patience.seconds(inquiry.settings)
    ).growth != nil
  }

  /// Whether somebody may be behind each of them: a client that came in, or one that came in for
  /// each that the process opened, as through a proxy.
  private static func isUsers(_ group: SocketGroup, in inquiry: Inquiry) -> Bool {
    if group.port.isInbound { return true }
    let processes = Set(group.members.map(\.opener))
    let clients = inquiry.census.connections.count {
      $0.state == .established && $0.flags.contains(.isInbound) && processes.contains($0.opener)
    }
    return 2 * clients >= group.members.count
  }
}

extension SocketRow {
  /// For how long no byte has moved either way.
  fileprivate var silentSeconds: Double {
    Double(min(lastDataSentMilliseconds, lastDataReceivedMilliseconds)) / 1000
  }

  fileprivate func silentSince(_ now: BootInstant) -> BootInstant {
    now.advanced(bySeconds: -silentSeconds)
  }
}
