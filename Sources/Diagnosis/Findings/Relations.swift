// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Which findings follow from which others: a pass over all of them, after every rule has judged.
///
/// A consequence needs a root that is confirmed: what is only suspected explains nothing yet.
struct Relations {
  private let inquiry: Inquiry
  private let findings: [Finding]
  /// The id of the root, by the id of its consequence.
  private(set) var becauseOf: [String: String] = [:]
  /// The addresses of each namespace with a server that others may wait for.
  private var addresses: [NetnsID: Set<IPAddress>] = [:]

  init(_ findings: [Finding], in inquiry: Inquiry) {
    self.inquiry = inquiry
    self.findings = findings.filter { $0.lifecycle != .resolved }
    // What follows from something that is accepted would be passed over with it.
    let roots = self.findings.filter { $0.lifecycle == .firing && !$0.isAccepted }
    let serving = Set(roots.filter { Self.servers.contains($0.rule) }.map(\.namespace))
    if !serving.isEmpty {
      // Nearly always the address of the row before: an insertion for each is dear.
      var newest: (NetnsID, IPAddress)?
      for row in inquiry.census.sample.sockets {
        if let newest, newest == (row.namespace, row.localAddress) { continue }
        newest = (row.namespace, row.localAddress)
        guard serving.contains(row.namespace) else { continue }
        addresses[row.namespace, default: []].insert(row.localAddress)
      }
    }
    for finding in self.findings where Self.consequences.contains(finding.rule) {
      let candidates = roots.filter { $0.id != finding.id && follows(finding, from: $0) }
      // The one with most sockets explains most.
      let root = candidates.max { ($0.sockets, $1.id) < ($1.sockets, $0.id) }
      if let root, !leads(from: root.id, to: finding.id) { becauseOf[finding.id] = root.id }
    }
  }

  /// What can follow from something else.
  private static let consequences: Set<RuleID> = [
    .acceptQueueStall, .closeWaitLeak, .closeWaitStuck, .synRecvPileup, .synSentPileup,
    .finWait1Pileup, .finWait2Owned, .establishedIdleGrowth, .descriptorExhaustion,
    .ephemeralPortExhaustion,
  ]

  /// What a server has that keeps its clients waiting.
  private static let servers: Set<RuleID> = [
    .acceptQueueStall, .closeWaitLeak, .closeWaitStuck, .synRecvPileup, .lastAckPileup,
  ]

  private func leads(from id: String, to target: String) -> Bool {
    var current: String? = id
    while let next = current {
      if next == target { return true }
      current = becauseOf[next]
    }
    return false
  }

  private func follows(_ finding: Finding, from root: Finding) -> Bool {
    switch (root.rule, finding.rule) {
    case (.acceptQueueStall, .synRecvPileup):
      root.localPort == finding.localPort && root.namespace == finding.namespace
    case (.acceptQueueStall, .synSentPileup), (.acceptQueueStall, .finWait1Pileup),
      (.acceptQueueStall, .finWait2Owned):
      isClient(finding, of: root)
    case (.synRecvPileup, .synSentPileup), (.lastAckPileup, .finWait1Pileup):
      isClient(finding, of: root) && (dropsSYNs(root) || isUnansweredEnd(finding, of: root))
    case (.closeWaitLeak, .acceptQueueStall), (.closeWaitStuck, .acceptQueueStall):
      fillsWorkers(root, ofListenerOf: finding) || isBackend(root, of: finding)
    case (.acceptQueueStall, .acceptQueueStall), (.acceptQueueStall, .closeWaitLeak),
      (.acceptQueueStall, .closeWaitStuck), (.closeWaitLeak, .closeWaitLeak),
      (.closeWaitLeak, .closeWaitStuck), (.closeWaitStuck, .closeWaitLeak),
      (.closeWaitStuck, .closeWaitStuck):
      isBackend(root, of: finding)
    case (.synSentPileup, .acceptQueueStall), (.synSentPileup, .closeWaitLeak),
      (.synSentPileup, .closeWaitStuck):
      waitsToConnect(finding, as: root)
    case (.closeWaitLeak, .establishedIdleGrowth), (.closeWaitStuck, .establishedIdleGrowth),
      (.acceptQueueStall, .establishedIdleGrowth):
      isBackendSide(finding, of: root)
    case (.descriptorExhaustion, .acceptQueueStall):
      isOutOfDescriptors(root) && !processes(root, .holder).isDisjoint(with: processes(finding))
    case (.establishedIdleGrowth, .establishedIdleGrowth):
      isOtherEnd(finding, of: root)
    default:
      fillsDescriptors(root, of: finding) || takesPorts(root, of: finding)
    }
  }

  /// The processes of a finding in one role, or in any but the other end's.
  private func processes(_ finding: Finding, _ role: Culprit.Role? = nil) -> Set<ProcessID> {
    Set(
      finding.culprits.lazy.filter { role == nil ? $0.role != .peer : $0.role == role }
        .map(\.process.id))
  }

  // MARK: A full accept queue and its clients on this host

  /// A queue that is full takes no SYN and completes no handshake: a client is in SYN_SENT, or
  /// believes that it is connected, and its data and its FIN are not acknowledged.
  private func isClient(_ finding: Finding, of server: Finding) -> Bool {
    guard let port = server.localPort, finding.remotePort == port else { return false }
    let there = finding.peers.filter { isHere($0.remote.address, finding.namespace, server) }
    let sockets = finding.peers.reduce(0) { $0 + $1.sockets }
    return 2 * there.reduce(0) { $0 + $1.sockets } > sockets
  }

  /// Whether an address, seen from a namespace, is one of the server's namespace.
  private func isHere(_ address: IPAddress, _ namespace: NetnsID, _ server: Finding) -> Bool {
    if address.isLoopback { return namespace == server.namespace }
    return addresses[server.namespace]?.contains(address) ?? false
  }

  // MARK: Both ends on this host

  /// A SYN queue that is full, and without SYN cookies, takes no SYN: its clients have no other
  /// end. With cookies, as is the default, it answers them all: that it does not is what the kernel
  /// counts.
  private func dropsSYNs(_ handshakes: Finding) -> Bool {
    let isFull = handshakes.evidence.contains { evidence in
      if case .synQueue(let used, let limit) = evidence { used >= limit } else { false }
    }
    guard isFull,
      let dropped = inquiry.census.counters.increase(
        of: \.requestQueueFullDrop, in: handshakes.namespace,
        overSeconds: inquiry.settings.patienceSeconds)
    else { return false }
    return dropped.increase > 0
  }

  /// Whether most of what a client here waits for is there at the server, and not answered either:
  /// what the server sends does not come back. Of the server's, younger ones count as well: the
  /// kernel gives up a handshake there sooner than here, and begins it anew.
  private func isUnansweredEnd(_ finding: Finding, of server: Finding) -> Bool {
    let ends = Set(rows(of: finding).map { [$0.remote, $0.local] })
    let theirs = inquiry.census.sample.sockets.count {
      // The cheap ones first: to hash every row of the host is dear.
      $0.state == server.state && $0.localPort == server.localPort
        && $0.namespace == server.namespace && ends.contains([$0.local, $0.remote])
    }
    return 2 * theirs > finding.members.count
  }

  /// Whether most of what a server keeps are the other ends of what a client here does not close.
  private func isOtherEnd(_ finding: Finding, of root: Finding) -> Bool {
    guard let port = root.remotePort, finding.localPort == port else { return false }
    let ends = Set(rows(of: root).map { [$0.remote, $0.local] })
    let theirs = rows(of: finding).count { ends.contains([$0.local, $0.remote]) }
    return 2 * theirs > finding.members.count
  }

  private func rows(of finding: Finding) -> [SocketRow] {
    finding.members.compactMap { member in
      inquiry.census.connection(member.id).flatMap { inquiry.census.row(of: $0) }
    }
  }

  // MARK: A server and the backend that it waits for

  /// Whether a server on this host, which keeps its own clients waiting, is what another waits for.
  private func isBackend(_ server: Finding, of finding: Finding) -> Bool {
    guard let place = backend(of: finding), server.localPort == place.port else { return false }
    return isHere(place.address, finding.namespace, server)
  }

  /// Whether the handshakes that nobody answers are what the same process waits for.
  private func waitsToConnect(_ finding: Finding, as pileup: Finding) -> Bool {
    guard let place = backend(of: finding), pileup.remotePort == place.port,
      let waiting = finding.root?.waiting, 2 * waiting.connecting >= waiting.sockets
    else { return false }
    return !processes(pileup).isDisjoint(with: processes(finding))
  }

  /// Whether idle connections are the far side of clients that wait: one story, told once.
  private func isBackendSide(_ idle: Finding, of finding: Finding) -> Bool {
    guard let place = backend(of: finding), idle.localPort == nil,
      idle.remotePort == place.port
    else { return false }
    return !processes(idle).isDisjoint(with: processes(finding))
  }

  private func backend(of finding: Finding) -> Endpoint? {
    finding.root?.kind == .waitsForBackend ? finding.root?.place : nil
  }

  // MARK: A leak that takes what others need

  /// Whether connections that a server does not close are most of those that it has: its workers
  /// are busy with the dead, and none is left to accept.
  private func fillsWorkers(_ leak: Finding, ofListenerOf stall: Finding) -> Bool {
    guard leak.namespace == stall.namespace, let port = stall.localPort, leak.localPort == port
    else { return false }
    // The workers of a service are one with its listener.
    let isSameService =
      leak.owner == stall.owner
      || !processes(leak, .holder).isDisjoint(with: processes(stall, .listener))
    guard isSameService else { return false }
    let served = inquiry.census.connections.count {
      $0.flags.contains(.isInbound) && $0.flags.contains(.hadInode) && $0.localPort == port
        && $0.id.namespace == stall.namespace && $0.state == .established
        && (inquiry.census.row(of: $0).map { $0.inode != 0 } ?? true)
    }
    return leak.sockets >= served
  }

  private func isOutOfDescriptors(_ finding: Finding) -> Bool {
    finding.culprits.contains { culprit in
      culprit.role == .holder && DescriptorExhaustion.isFull(culprit.process)
    }
  }

  /// Whether the descriptors that run out are, for the most part, this finding's sockets.
  private func fillsDescriptors(_ leak: Finding, of finding: Finding) -> Bool {
    guard finding.rule == .descriptorExhaustion, leak.rule != .acceptQueueStall,
      leak.rule != .descriptorExhaustion, finding.severity > .notice,
      let process = finding.culprits.first
    else { return false }
    let share = leak.culprits.first {
      $0.role == .holder && $0.process.id == process.process.id
    }
    return 2 * (share?.sockets ?? 0) >= process.sockets
  }

  /// Whether the local ports that run out are, for the most part, this finding's sockets. It must
  /// be as bad: a consequence counts for nothing beside its root.
  private func takesPorts(_ leak: Finding, of finding: Finding) -> Bool {
    guard finding.rule == .ephemeralPortExhaustion, leak.rule != .ephemeralPortExhaustion,
      leak.severity >= finding.severity, leak.namespace == finding.namespace,
      let place = finding.peers.first?.remote
    else { return false }
    let theirs = leak.peers.first { $0.remote == place }
    return 2 * (theirs?.sockets ?? 0) >= finding.sockets
  }
}

extension [Finding] {
  /// Those that count: what is accepted does not, nor a consequence whose root is among them.
  package var roots: [Finding] {
    let counted = filter { !$0.isAccepted }
    let ids = Set(counted.map(\.id))
    return counted.filter { !$0.isConsequence(among: ids) }
  }

  /// The findings with each root before its consequences, and how deep each stands under the root
  /// of all. A consequence whose root is not among them stands for itself.
  package var rootsFirst: [(finding: Finding, depth: Int)] {
    let ids = Set(map(\.id))
    let below = Dictionary(grouping: filter { $0.isConsequence(among: ids) }) {
      $0.becauseOf ?? ""
    }
    var ordered: [(finding: Finding, depth: Int)] = []
    func add(_ finding: Finding, depth: Int) {
      ordered.append((finding, depth))
      for next in below[finding.id] ?? [] { add(next, depth: depth + 1) }
    }
    for finding in self where !finding.isConsequence(among: ids) { add(finding, depth: 0) }
    return ordered
  }
}

extension Finding {
  /// Whether it follows from another one of those that are looked at.
  package func isConsequence(among ids: Set<String>) -> Bool {
    becauseOf.map(ids.contains) ?? false
  }
}
