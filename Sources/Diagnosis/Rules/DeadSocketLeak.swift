// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension RuleID {
  package static let deadSocketLeak = RuleID("dead-socket-leak")
}

extension Cause {
  /// The connection is dead and how it died was not seen.
  package static let connectionDead = Cause("connection-dead")
  package static let writeErrorIgnored = Cause("write-error-ignored")
  package static let resetUnnoticed = Cause("reset-unnoticed")
}

/// Descriptors kept on sockets that are already dead. No socket table shows them; they fill the
/// descriptor table all the same.
package enum DeadSocketLeak: Rule {
  package static let id = RuleID.deadSocketLeak
  package static let formerNames = ["closed-fd-leak"]
  package static let causes: [Cause] = [
    .connectionDead, .writeErrorIgnored, .resetUnnoticed,
  ]
  package static let states: [TCPState] = [.close]
  package static let counts = Counted.deadSockets
  package static let patience = Patience(of: id)
  package static let thresholds: [Threshold] = [
    .fewestStuck, .mostUnjudged, .drainShare, .descriptorShareWarning, .criticalHorizon,
    .noticeHorizon,
  ]

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    let census = inquiry.census
    var byProcess: [Int32: [DeadSocket]] = [:]
    for deadSocket in census.deadSockets.all.values where !inquiry.isOfCloseWait(deadSocket) {
      byProcess[deadSocket.process, default: []].append(deadSocket)
    }
    return byProcess.sorted { $0.key < $1.key }.compactMap { process, deadSockets in
      finding(of: process, deadSockets.sorted { $0.inode < $1.inode }, in: inquiry)
    }
  }

  private static func finding(
    of process: Int32, _ deadSockets: [DeadSocket], in inquiry: Inquiry
  ) -> Finding? {
    let census = inquiry.census
    let settings = inquiry.settings
    guard let record = census.processes[process] else { return nil }
    let gone = census.deadSockets.departures.filter { $0.process == process }
    var watched = inquiry.watched(patience.seconds(settings))
    // What was not found has not stopped coming.
    if let instant = census.deadSockets.cutSince { watched.now = instant }
    let trend = Trend(
      deadSockets.map { Trend.Member(since: $0.since, isDated: !$0.isInherited) },
      departures: Departures(gone),
      watched: watched)
    // A block that stands can be a pool's, which throws them away when it takes them out.
    let isBlock = !trend.isGrowing && trend.survivors >= settings.mostUnjudged
    guard isBlock || trend.isGrowing && trend.survivors >= 2 else { return nil }
    let remembered = deadSockets.compactMap(\.connection)
    let namespace =
      remembered.first?.id.namespace ?? record.namespace
      ?? census.sample.namespaces.first?.id ?? NetnsID(rawValue: 0)
    let draft = FindingDraft(inquiry, rule: id, namespace: namespace)
    var finding = draft.draft(
      owner: record.owner, subject: "descriptors", cause: cause(of: deadSockets), state: .close,
      sockets: deadSockets.count)
    finding.culprits = [
      Culprit(record, role: .holder, sockets: deadSockets.count, attribution: .descriptor)
    ]
    finding.runtime = record.runtime
    finding.growth = trend.growth
    finding.localPort = commonPort(
      remembered.filter { $0.flags.contains(.isInbound) }.map(\.localPort))
    finding.remotePort = commonPort(
      remembered.filter { !$0.flags.contains(.isInbound) }.map(\.remotePort))
    finding.oldest = deadSockets.map(\.since).min().map {
      Age(seconds: census.now.seconds(since: $0), bound: .atLeast)
    }
    finding.forecast = draft.descriptorForecast(of: finding.culprits, growth: trend.growth)
    finding.severity = settings.severity(of: finding.forecast)
    if isBlock { finding.severity = max(.warning, finding.severity) }
    finding.members = deadSockets.map(census.member)
    if !trend.isGrowing { finding.notGrowingSince = deadSockets.map(\.since).max() }
    finding.evidence = [
      .survivors(count: trend.survivors, patienceSeconds: trend.patienceSeconds),
      .turnover(
        entered: trend.entered, left: trend.left, medianDwellSeconds: trend.medianDwellSeconds),
    ]
    finding.doubts = draft.doubts(trend, members: [], culprits: finding.culprits)
    if trend.survivors < settings.fewestStuck { finding.doubts.append(.fewSockets) }
    let blocking: [Doubt] = [.oneLook, .watchedTooShort, .someDrain, .fewSockets]
    if !finding.doubts.contains(where: blocking.contains) { finding.lifecycle = .firing }
    return finding
  }

  private static func cause(of deadSockets: [DeadSocket]) -> Cause {
    let known = deadSockets.compactMap(\.connection)
    guard 2 * known.count > deadSockets.count else { return .connectionDead }
    // What died in CLOSE_WAIT by keepalive, or long after it should have been closed, is told with
    // the CLOSE_WAIT that are still there.
    let closing = known.count { $0.state == .closeWait }
    return 2 * closing > known.count ? .writeErrorIgnored : .resetUnnoticed
  }

  private static func commonPort(_ ports: [UInt16]) -> UInt16? {
    guard let first = ports.first, ports.allSatisfy({ $0 == first }) else { return nil }
    return first
  }
}
