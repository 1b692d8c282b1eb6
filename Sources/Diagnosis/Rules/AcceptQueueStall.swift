// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension RuleID {
  package static let acceptQueueStall = RuleID("accept-queue-stall")
}

extension Cause {
  package static let notAccepted = Cause("not-accepted")
}

/// Connections die unaccepted: the listener does not call accept().
///
/// A socket in ESTABLISHED or CLOSE_WAIT without an inode still waits in an accept queue. The
/// queue is first in, first out: one that has waited for long means that nobody accepts.
package enum AcceptQueueStall: Rule {
  package static let id = RuleID.acceptQueueStall
  package static let causes: [Cause] = [.notAccepted]
  package static let states: [TCPState] = [.established, .closeWait, .listen]
  package static let counts = Counted.queued
  package static let patience = Patience(of: id)
  package static let thresholds: [Threshold] = [.fewestDefects, .drainShare]

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    let waiting = inquiry.groups(of: .established) { _, row in row.isUnaccepted }
    var groups = inquiry.groups(of: .closeWait) { _, row in row.isUnaccepted }
    // Those whose client still waits are in the same queue.
    for group in waiting {
      let index = groups.firstIndex {
        $0.port.port == group.port.port && $0.port.namespace == group.port.namespace
      }
      if let index {
        groups[index].members += group.members
      } else {
        groups.append(group)
      }
    }
    return groups.compactMap { finding(of: $0, in: inquiry) }
  }

  /// Since when it waits, at least. Data (or, without any, the handshake) came while it was in the
  /// queue already.
  private static func waitsSince(_ connection: Connection) -> BootInstant {
    connection.state == .closeWait
      ? connection.stateSince : min(connection.firstSeen, connection.progressAt)
  }

  private static func finding(
    of group: SocketGroup, in inquiry: Inquiry
  ) -> Finding? {
    let census = inquiry.census
    let settings = inquiry.settings
    let trend = inquiry.trend(
      group, patienceSeconds: patience.seconds(settings),
      since: waitsSince)
    guard trend.survivors > 0 else { return nil }
    let draft = FindingDraft(inquiry, rule: id, namespace: group.port.namespace)
    var finding = draft.finding(
      group, cause: .notAccepted, trend: trend, holders: draft.listeners(of: group.members),
      since: waitsSince)
    finding.localPort = group.members.first?.localPort
    // The queue bounds this, not the descriptors.
    finding.forecast = nil
    let queue = queue(of: group, in: census)
    finding.evidence.append(.acceptQueue(used: queue.used, limit: queue.limit))
    if let limit = queue.limit, limit > 0 {
      var forecast = Forecast(resource: .acceptQueue, used: queue.used, limit: limit + 1)
      if let rate = trend.growth, queue.used <= limit {
        forecast.take(rate, left: limit + 1 - queue.used)
      }
      finding.forecast = forecast
    }
    finding.severity = max(.warning, settings.severity(of: finding.forecast))
    if let dropped = census.counters.increase(
      of: \.listenOverflows, in: group.port.namespace, overSeconds: census.watchedSeconds + 1),
      dropped.increase > 0
    {
      finding.evidence.append(
        .counter(name: "ListenOverflows", increase: dropped.increase, seconds: dropped.seconds))
    }
    // The ages prove it in one look: nobody else could have let them wait.
    finding.doubts.removeAll { $0 == .oneLook || $0 == .someDrain || $0 == .watchedTooShort }
    if trend.survivors < settings.fewestDefects { finding.doubts.append(.fewSockets) }
    if !finding.doubts.contains(.fewSockets), !trend.isDraining { finding.lifecycle = .firing }
    return finding
  }

  private static func queue(of group: SocketGroup, in census: Census) -> (used: Int, limit: Int?) {
    let sockets = census.sample.sockets
    guard let row = group.members.lazy.compactMap({ census.row(of: $0) }).first
    else { return (0, nil) }
    var used = 0
    var limit: Int?
    for index in census.listeners.listeners(of: row, in: sockets) {
      let listener = sockets[Int(index)]
      used += Int(listener.receiveQueue)
      if listener.knowledge.contains(.acceptQueueLimit) {
        limit = (limit ?? 0) + Int(listener.sendQueue)
      }
    }
    return (used, limit)
  }
}
