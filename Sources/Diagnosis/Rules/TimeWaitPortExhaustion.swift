// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension RuleID {
  package static let timeWaitPortExhaustion = RuleID("time-wait-port-exhaustion")
}

extension Cause {
  package static let clientPortExhaustion = Cause("time-wait-client-port-exhaustion")
}

/// Ephemeral ports to one destination run out, because this side opens connections, closes them
/// first and does not reuse them. TIME_WAIT by itself is harmless and never a finding. What runs
/// out by staying open is ``EphemeralPortExhaustion``.
package enum TimeWaitPortExhaustion: Rule {
  package static let id = RuleID.timeWaitPortExhaustion
  package static let causes: [Cause] = [.clientPortExhaustion]
  package static let states: [TCPState] = [.timeWait]
  package static let patience = Patience.none
  package static let thresholds: [Threshold] = [
    .portShareWarning, .portShareCritical, .criticalHorizon,
  ]

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    let census = inquiry.census
    return EphemeralPorts.all(in: census, fewest: EphemeralPorts.fewest).compactMap { ports in
      finding(of: ports, in: inquiry)
    }
  }

  private static func finding(
    of ports: EphemeralPorts, in inquiry: Inquiry
  ) -> Finding? {
    let census = inquiry.census
    let settings = inquiry.settings
    let forecast = ports.forecast
    let isSoon = forecast.seconds.map { $0 <= settings.criticalHorizonSeconds } ?? false
    let isFull = ports.share >= settings.portShareWarning
    guard isFull || (isSoon && ports.share >= 0.5),
      2 * ports.inTimeWait > ports.rows.count
    else { return nil }
    let draft = FindingDraft(inquiry, rule: id, namespace: ports.route.namespace)
    let opener = Openers(ports, in: census)
    let culprits = opener.culprits(draft)
    var finding = draft.draft(
      owner: culprits.first?.process.owner ?? Owner(.kernel, "opener unknown"),
      subject: "\(ports.route.source)->\(ports.route.destination)", cause: .clientPortExhaustion,
      state: .timeWait, sockets: ports.rows.count)
    finding.culprits = culprits
    finding.runtime = culprits.first?.process.runtime ?? .unknown
    finding.remotePort = ports.route.destination.port
    finding.growth = ports.closesPerSecond
    finding.forecast = forecast
    finding.peers = [PeerCount(remote: ports.route.destination, sockets: ports.rows.count)]
    finding.evidence = [ports.evidence]
    finding.evidence += opener.counted.map { [census.proof(of: $0)] } ?? []
    if let namespace = census.namespace(ports.route.namespace) {
      let range = namespace.settings.localPortRange
      finding.evidence += [
        .setting(
          name: "net.ipv4.ip_local_port_range", value: "\(range.lowerBound) \(range.upperBound)"),
        .setting(name: "net.ipv4.tcp_tw_reuse", value: "\(namespace.settings.timeWaitReuse)"),
      ]
    }
    finding.severity = max(.warning, settings.severity(of: forecast))
    if culprits.isEmpty { finding.doubts.append(.openerUnknown) }
    if opener.isInferred { finding.doubts.append(.openerInferred) }
    // The rows' own timers tell the rate: one look is enough.
    finding.lifecycle = .firing
    return finding
  }

  /// Who opened the connections that are in TIME_WAIT now. A TIME_WAIT row has no owner; its
  /// cookie is that of the socket it was.
  private struct Openers {
    var counts: [Int32: Int] = [:]
    var isInferred = false
    /// As the kernel has counted, where it has.
    private(set) var counted: ConnectLog.Openers?
    private var culprits: [Culprit] = []

    init(_ ports: EphemeralPorts, in census: Census) {
      let place = OpenerPlace(ports.route)
      if let counted = census.connects.openers(at: place), counted.explain(ports.rows.count) {
        self.counted = counted
        culprits = census.culprits(of: counted, amongst: ports.rows.count)
        return
      }
      var live: [Int32: Int] = [:]
      for index in ports.rows {
        let row = census.sample.sockets[Int(index)]
        guard let connection = census.connection(of: row), connection.opener >= 0 else { continue }
        if row.inode == 0 {
          counts[connection.opener, default: 0] += 1
        } else if census.wasOpenedLately(connection) {
          live[connection.opener, default: 0] += 1
        }
      }
      if !counts.isEmpty { return }
      counts = Census.inferredOpeners(
        live: live, remembered: census.openersByPlace.openers(at: place))
      if counts.isEmpty {
        counts = census.recentOpeners(to: ports.route.destination, in: ports.route.namespace)
      }
      isInferred = !counts.isEmpty
    }

    /// Whether it is worth to go on looking: few that were seen may be of somebody else.
    var areHardlyKnown: Bool {
      counted == nil
        && (counts.isEmpty || isInferred && counts.values.reduce(0, +) < Census.enoughOpened)
    }

    func culprits(_ draft: FindingDraft) -> [Culprit] {
      if counted != nil { return culprits }
      return draft.culprits(
        counts, role: .opener, attribution: isInferred ? .sibling : .remembered)
    }
  }
}

extension TimeWaitPortExhaustion {
  /// The places that are about to exhaust their ports and whose opener is not known: worth a
  /// moment of trying to catch it in the act.
  package static func hunts(in census: Census, settings: RuleSettings) -> [OpenerHunt] {
    let worst = EphemeralPorts.crowded(in: census).first {
      let openers = $0.share >= 0.5 ? Openers($0, in: census) : nil
      return openers?.areHardlyKnown ?? false
    }
    guard let route = worst?.route else { return [] }
    // 250 ms: some hundred rounds; see OpenerCatcher for how many it takes.
    return [
      OpenerHunt(namespace: route.namespace, remote: route.destination, milliseconds: 250)
    ]
  }
}

extension Census {
  /// The processes that are remembered to have opened connections to this place.
  func recentOpeners(to remote: Endpoint, in namespace: NetnsID) -> [Int32: Int] {
    openers { row in row.remote == remote && row.namespace == namespace }
  }

  /// The processes that are remembered to have opened connections to this remote port.
  func recentOpeners(to port: UInt16, in namespace: NetnsID) -> [Int32: Int] {
    openers { row in row.remotePort == port && row.namespace == namespace }
  }

  private func openers(where isWanted: (SocketRow) -> Bool) -> [Int32: Int] {
    var counts: [Int32: Int] = [:]
    for connection in connections where connection.opener >= 0 {
      guard !connection.flags.contains(.isInbound), let row = row(of: connection), isWanted(row),
        row.inode == 0 || wasOpenedLately(connection)
      else { continue }
      counts[connection.opener, default: 0] += 1
    }
    return counts
  }
}
