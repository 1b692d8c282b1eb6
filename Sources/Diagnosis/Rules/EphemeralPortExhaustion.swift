// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension RuleID {
  package static let ephemeralPortExhaustion = RuleID("ephemeral-port-exhaustion")
}

extension Cause {
  package static let portsHeldOpen = Cause("ports-held-open")
}

/// The ephemeral ports to one destination run out, because connections to it stay open: each keeps
/// its local port, whether it is used or not. What runs out by closing is
/// ``TimeWaitPortExhaustion``.
package enum EphemeralPortExhaustion: Rule {
  package static let id = RuleID.ephemeralPortExhaustion
  package static let causes: [Cause] = [.portsHeldOpen]
  package static let states: [TCPState] = [.established]
  package static let patience = Patience(of: id)
  package static let thresholds: [Threshold] = [
    .portShareWarning, .portShareCritical,
  ]

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    let census = inquiry.census
    guard census.sample.states.contains(.established) else { return [] }
    return EphemeralPorts.all(in: census, fewest: EphemeralPorts.fewest).compactMap { ports in
      finding(of: ports, in: inquiry)
    }
  }

  /// How long what has taken the last port may stay.
  private static let secondsUsedUp = 10.0

  private static func finding(of ports: EphemeralPorts, in inquiry: Inquiry) -> Finding? {
    let (census, settings) = (inquiry.census, inquiry.settings)
    guard ports.share >= settings.portShareWarning, 2 * ports.inTimeWait <= ports.rows.count
    else { return nil }
    let open = ports.rows.compactMap { index in
      let row = census.sample.sockets[Int(index)]
      return row.state == .timeWait ? nil : census.connection(of: row)
    }
    let draft = FindingDraft(inquiry, rule: id, namespace: ports.route.namespace)
    let culprits = draft.holders(of: open)
    var finding = draft.draft(
      owner: culprits.first?.process.owner ?? FindingDraft.nobody,
      subject: "\(ports.route.source)->\(ports.route.destination)", cause: .portsHeldOpen,
      state: .established, sockets: ports.used)
    if culprits.isEmpty { finding.owner = draft.ownerWithoutHolder(of: open) }
    draft.describe(&finding, open)
    finding.culprits = culprits
    finding.runtime = culprits.first?.process.runtime ?? .unknown
    finding.remotePort = ports.route.destination.port
    finding.forecast = Forecast(
      resource: .ephemeralPorts, used: ports.used, limit: ports.capacity)
    finding.severity = settings.severity(of: finding.forecast)
    // A burst of connections is over soon; these stay. Nobody waits for that when connect() fails.
    let isUsedUp = finding.forecast?.isUsedUp ?? false
    let patience = min(patience.seconds(settings), isUsedUp ? Self.secondsUsedUp : .infinity)
    let staying = open.count { $0.age(at: census.now).seconds >= patience }
    finding.evidence = [
      ports.evidence, .survivors(count: staying, patienceSeconds: patience),
    ]
    finding.doubts = draft.doubts(nil, members: open, culprits: culprits)
    if 2 * staying > ports.rows.count {
      finding.doubts.removeAll { $0 == .oneLook }
      finding.lifecycle = .firing
    } else if !finding.doubts.contains(.oneLook) {
      finding.doubts.append(.watchedTooShort)
    }
    return finding
  }
}
