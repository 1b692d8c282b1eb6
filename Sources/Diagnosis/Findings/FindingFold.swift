// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Findings of one rule and one owner on many ports: a few are told one by one, the others as one.
/// Whoever has a thousand listeners must not make a thousand alarms.
struct FindingFold {
  /// So many of one rule and one owner are told one by one.
  private static let most = 8

  /// What is told now.
  private(set) var findings: [Finding] = []
  /// By the id of a finding that is told no more: the one that it is part of.
  private(set) var parts: [String: String] = [:]

  private struct Owned: Hashable {
    var rule: RuleID
    var owner: Owner
    var namespace: NetnsID
  }

  /// - Parameters:
  ///   - candidates: What the rules say.
  ///   - isTold: Whether a finding goes on from earlier looks. One by one it stays so, and in the
  ///     fold it stays in it: a socket must not be counted in both.
  init(_ candidates: [Finding], isTold: (String) -> Bool) {
    var groups: [Owned: [Int]] = [:]
    for (index, finding) in candidates.enumerated() {
      let owned = Owned(
        rule: finding.rule, owner: finding.owner, namespace: finding.namespace)
      groups[owned, default: []].append(index)
    }
    var folded: Set<Int> = []
    var whole: [Finding] = []
    for group in groups.values {
      let id = candidates[group[0]].foldID
      let hasFold = isTold(id)
      guard group.count > Self.most + 1 || hasFold else { continue }
      let ranked = group.sorted { a, b in
        let (isFirst, isSecond) = (isTold(candidates[a].id), isTold(candidates[b].id))
        if isFirst != isSecond { return isFirst }
        return candidates[a].rank < candidates[b].rank
      }
      let single = hasFold ? ranked.prefix { isTold(candidates[$0].id) } : ranked[...]
      let rest = ranked[min(Self.most, single.count)...]
      guard !rest.isEmpty else { continue }
      folded.formUnion(rest)
      for index in rest { parts[candidates[index].id] = id }
      whole.append(Self.one(rest.map { candidates[$0] }.sorted { $0.rank < $1.rank }, id: id))
    }
    findings = candidates.enumerated().filter { !folded.contains($0.offset) }.map(\.element)
    findings += whole.sorted { $0.id < $1.id }
  }

  /// All of them as one: the words of the worst, the numbers of all.
  private static func one(_ parts: [Finding], id: String) -> Finding {
    var one = parts[0]
    one.id = id
    (one.localPort, one.remotePort) = (nil, nil)
    one.lifecycle = parts.contains { $0.lifecycle == .firing } ? .firing : .pending
    one.severity = parts.map(\.severity).max() ?? one.severity
    one.standingSeverity = parts.map(\.standingSeverity).max() ?? one.standingSeverity
    one.sockets = parts.reduce(0) { $0 + $1.sockets }
    one.peak = one.sockets
    one.members = parts.flatMap(\.members)
    one.culprits = culprits(parts)
    one.growth = growth(parts)
    if one.growth != nil { one.notGrowingSince = nil }
    one.evidence =
      [.manyPorts(count: parts.count, worst: parts[0].localPort ?? parts[0].remotePort)]
      + one.evidence.filter { $0.turnedDead == 0 }
    let dead = parts.reduce(0) { $0 + $1.turnedDead }
    if dead > 0 { one.evidence.append(.turnedDead(count: dead)) }
    var peers: [Endpoint: Int] = [:]
    for peer in parts.flatMap(\.peers) { peers[peer.remote, default: 0] += peer.sockets }
    one.peers = PeerCount.commonest(peers)
    // The limit is that of one process: what grows in others does not reach it.
    if var forecast = one.forecast, let growth = one.growth,
      parts.allSatisfy({
        $0.forecast?.resource == forecast.resource
          && $0.culprits.first?.process.id == parts[0].culprits.first?.process.id
      })
    {
      forecast.take(growth, left: max(0, forecast.limit - forecast.used))
      one.forecast = forecast
    }
    return one
  }

  private static func culprits(_ parts: [Finding]) -> [Culprit] {
    struct Part: Hashable {
      var process: ProcessID
      var role: Culprit.Role
    }
    var places: [Part: Int] = [:]
    var culprits: [Culprit] = []
    for culprit in parts.flatMap(\.culprits) {
      let part = Part(process: culprit.process.id, role: culprit.role)
      if let place = places[part] {
        culprits[place].sockets += culprit.sockets
      } else {
        places[part] = culprits.count
        culprits.append(culprit)
      }
    }
    let peers = culprits.filter { $0.role == .peer }
    return culprits.filter { $0.role != .peer } + peers
  }

  private static func growth(_ parts: [Finding]) -> Rate? {
    let rates = parts.compactMap(\.growth)
    guard !rates.isEmpty else { return nil }
    return Rate(
      perSecond: rates.reduce(0) { $0 + $1.perSecond }, low: rates.reduce(0) { $0 + $1.low },
      high: rates.reduce(0) { $0 + $1.high })
  }
}

extension Finding {
  /// The id of the finding that stands for those of this rule and owner beyond the first few.
  fileprivate var foldID: String {
    Self.id(rule: rule, owner: owner, subject: "more-ports", namespaceName: namespaceName)
  }

  /// The identity of a finding: the same after a restart of closewatch or of the process.
  static func id(
    rule: RuleID, owner: Owner, subject: String, namespaceName: String?
  ) -> String {
    let place = namespaceName.map { "/netns:\($0)" } ?? ""
    return "\(rule.rawValue)/\(owner.kind.rawValue):\(owner.name)/\(subject)\(place)"
  }
}
