// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension RuleID {
  package static let timeWaitBucketOverflow = RuleID("time-wait-bucket-overflow")
}

extension Cause {
  package static let maxTimeWaitBuckets = Cause("tcp-max-tw-buckets")
}

/// `tcp_max_tw_buckets` is reached: the kernel skips TIME_WAIT for further closes. The number of
/// rows looks like a calm plateau; only the counter TCPTimeWaitOverflow tells.
package enum TimeWaitBucketOverflow: Rule {
  package static let id = RuleID.timeWaitBucketOverflow
  package static let causes: [Cause] = [.maxTimeWaitBuckets]
  package static let states: [TCPState] = [.timeWait]
  package static let patience = Patience(
    of: id, meaning: "TCPTimeWaitOverflow is compared over twice this time, at least 30 s",
    because: "a burst at the limit is over by then")
  package static let thresholds: [Threshold] = []

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    let census = inquiry.census
    return census.sample.namespaces.compactMap { namespace in
      finding(of: namespace, in: inquiry)
    }
  }

  private static func finding(
    of namespace: NamespaceSample, in inquiry: Inquiry
  ) -> Finding? {
    let census = inquiry.census
    let settings = inquiry.settings
    let window = max(2 * patience.seconds(settings), 30)
    guard
      let overflow = census.counters.increase(
        of: \.timeWaitOverflow, in: namespace.id, overSeconds: window), overflow.increase > 0
    else { return nil }
    let limit = namespace.settings.maxTimeWaitBuckets
    let rows = census.sample.sockets.filter {
      $0.namespace == namespace.id && $0.state == .timeWait
    }
    let draft = FindingDraft(inquiry, rule: id, namespace: namespace.id)
    var finding = draft.draft(
      owner: Owner(.kernel, "network namespace"), subject: "buckets",
      cause: .maxTimeWaitBuckets, state: .timeWait, sockets: rows.count)
    charge(&finding, rows: rows, draft, in: census)
    finding.evidence += [
      .counter(
        name: "TCPTimeWaitOverflow", increase: overflow.increase, seconds: overflow.seconds),
      .setting(name: "net.ipv4.tcp_max_tw_buckets", value: "\(limit)"),
    ]
    finding.forecast = Forecast(resource: .timeWaitBuckets, used: rows.count, limit: limit)
    finding.severity = max(.warning, settings.severity(of: finding.forecast))
    // Two steps: one burst at the limit is no flood.
    if census.counters.steps(of: \.timeWaitOverflow, in: namespace.id) >= 2 {
      finding.lifecycle = .firing
    } else {
      finding.doubts.append(.watchedTooShort)
    }
    return finding
  }

  /// Names who closes first: the listener on whose port most rows are, or the opener.
  private static func charge(
    _ finding: inout Finding, rows: [SocketRow], _ draft: FindingDraft, in census: Census
  ) {
    var local: [UInt16: Int] = [:]
    var remote: [UInt16: Int] = [:]
    for row in rows {
      let isInbound = census.listeners.isListening(port: row.localPort, in: row.namespace)
      if isInbound { local[row.localPort, default: 0] += 1 }
      if !isInbound { remote[row.remotePort, default: 0] += 1 }
    }
    let busiest = { (counts: [UInt16: Int]) in
      counts.max { ($0.value, $1.key) < ($1.value, $0.key) }
    }
    if let (port, count) = busiest(local), 2 * count > rows.count {
      finding.localPort = port
      let members = rows.filter { $0.localPort == port }.prefix(1)
        .compactMap { census.connection(of: $0) }
      finding.culprits = draft.listeners(of: members).map { listener in
        var listener = listener
        listener.sockets = count
        return listener
      }
    } else if let (port, count) = busiest(remote), 2 * count > rows.count {
      finding.remotePort = port
      if let counted = census.connects.openers(to: port, in: finding.namespace),
        counted.explain(count)
      {
        finding.culprits = census.culprits(of: counted, amongst: count)
        finding.evidence = [census.proof(of: counted)]
      } else {
        let known = Census.inferredOpeners(
          live: census.recentOpeners(to: port, in: finding.namespace),
          remembered: census.openersByPlace.openers(to: port, in: finding.namespace))
        finding.culprits = draft.culprits(known, role: .opener, attribution: .sibling)
        finding.doubts.append(finding.culprits.isEmpty ? .openerUnknown : .openerInferred)
      }
    }
    if let first = finding.culprits.first { finding.owner = first.process.owner }
    finding.runtime = finding.culprits.first?.process.runtime ?? .unknown
  }
}
