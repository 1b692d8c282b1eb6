// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

@testable import Reporting

/// Hosts as the daemon's snapshot tells them, for the tests of the status page.
enum StatusHost {
  private static let own = NetnsID(rawValue: 4_026_531_840)
  static let now = BootInstant(seconds: 100_000)

  /// A host that is well: 812 sockets in three namespaces, watched for two days.
  static var quiet: StatusInput {
    var snapshot = DaemonSnapshot(
      startedAt: now.advanced(bySeconds: -172_800), startedWallSeconds: 1_699_827_200)
    snapshot.version = "1.2.3"
    snapshot.cost = cost
    var sample = SampleSummary(
      takenAt: now, wallClockSeconds: 1_700_000_000, cost: SampleCost(), rows: 812)
    sample.cost.wallMilliseconds = 3.1
    snapshot.newestSample = sample
    snapshot.fullSample = sample
    snapshot.picture.takenAt = now
    snapshot.picture.knowsEstablished = true
    snapshot.picture.connectionsRemembered = 97
    snapshot.picture.namespaces = namespaces
    snapshot.picture.listeners = (0..<12).map { index in
      ListenerAccount(
        namespace: own, local: Endpoint(.anyIPv4, UInt16(8000 + index)),
        owner: Owner(.unit, "api.service"), queued: 0, limit: 4096)
    }
    snapshot.web = WebNumbers()
    snapshot.timeline = timeline(closeWait: 0)
    var input = StatusInput(snapshot)
    input.hostName = "web01"
    input.sampleAgeSeconds = 3.4
    input.refreshSeconds = 30
    return input
  }

  /// The same with a leak, a queue that fills, ports in use and something that could not be read.
  static var leaking: StatusInput {
    var input = quiet
    input.snapshot.findings = [leak()]
    input.snapshot.picture.namespaces[0].states[.closeWait] = 412
    input.snapshot.timeline = timeline(closeWait: 412)
    var owner = OwnerAccount(Owner(.unit, "api.service"))
    owner.states = StateCounts([.closeWait: 412])
    owner.stuck = StateCounts([.closeWait: 397])
    owner.oldestStuck = now.advanced(bySeconds: -3100)
    owner.descriptors = DescriptorUse(used: 436, limit: 1024)
    input.snapshot.picture.owners = [owner]
    input.snapshot.picture.listeners[0].queued = 37
    input.snapshot.picture.routes = [
      RouteAccount(
        namespace: own, source: ListedHost.address("192.0.2.1"),
        destination: Endpoint(ListedHost.address("203.0.113.9"), 443), used: 9127,
        capacity: 28_232)
    ]
    input.snapshot.gaps = [
      Gap(.descriptorsUnreadable, count: 8, detail: "/proc/812/fd: Permission denied (EACCES)")
    ]
    return input
  }

  /// 30 findings of every rule, life and severity, and three that have ended.
  static var crowded: StatusInput {
    var input = leaking
    input.snapshot.findings = [leak(severity: .critical, id: "close-wait-leak:b")]
    for index in 0..<29 { input.snapshot.findings.append(finding(index)) }
    input.snapshot.findings.sort { life($0) < life($1) }
    for index in 0..<3 {
      var ended = finding(index)
      ended.lifecycle = .resolved
      ended.peak = ended.history.map(\.sockets).max() ?? ended.sockets
      ended.end = FindingEnd(
        how: .exited(ProcessID(pid: 812, startTicks: 1)), at: BootInstant(seconds: 0))
      ended.id = "ended-\(index)"
      input.snapshot.findings.append(ended)
    }
    input.snapshot.settings.isLastReloadGood = false
    input.snapshot.cost.isBackedOff = true
    return input
  }

  /// Five findings, as on a bad night.
  static var fiveFindings: StatusInput {
    var input = leaking
    input.snapshot.findings = [leak(severity: .critical, id: "close-wait-leak:b")]
    for index in [0, 1, 5, 3] { input.snapshot.findings.append(finding(index)) }
    input.snapshot.findings.sort { life($0) < life($1) }
    return input
  }

  private static func life(_ finding: Finding) -> Int {
    (finding.lifecycle == .firing ? 0 : 10) - finding.severity.rawValue
  }

  /// A leak of an hour, that runs out in 40 to 55 minutes.
  static func leak(severity: Severity = .warning, id: String = "close-wait-leak:a") -> Finding {
    var leak = FoundLeak.closeWait(severity: severity, id: id)
    leak.sockets = 412
    leak.culprits[0].sockets = 412
    leak.growth = Rate(perSecond: 0.207, low: 0.18, high: 0.24)
    leak.history = (0..<60).map { index in
      // A leak is a little uneven.
      HistoryPoint(
        at: now.advanced(bySeconds: -3480 + 59 * Double(index)),
        sockets: 2 + index * 410 / 59 + (index * 7) % 5 - (index == 59 ? 3 : 0))
    }
    leak.oldest = Age(seconds: 3490, bound: .atLeast)
    leak.firingSince = now.advanced(bySeconds: -3360)
    var forecast = Forecast(resource: .descriptors, used: 436, limit: 1024)
    forecast.seconds = 2840
    forecast.lowSeconds = 2450
    forecast.highSeconds = 3266
    leak.forecast = forecast
    return leak
  }

  private static func finding(_ index: Int) -> Finding {
    let rule = RuleID.allCases[index % RuleID.allCases.count]
    let lifecycle: Lifecycle = index % 4 == 3 ? .pending : .firing
    let causes = rule.guide.causes
    var finding = Finding(
      id: "\(rule.rawValue):\(index)", rule: rule, cause: causes[index % causes.count],
      lifecycle: lifecycle, severity: Severity.allCases[index % 3],
      namespace: index % 5 == 0 ? NetnsID(rawValue: 4_026_532_201) : own, owner: owner(index),
      state: state(rule), sockets: 20 + 37 * index)
    let steps = min(60, 2 + 5 * index)
    finding.history = (1...steps).map { step in
      HistoryPoint(
        at: now.advanced(bySeconds: 10 * Double(step - steps)),
        sockets: 20 + 37 * index * (index % 2 == 0 ? step : 2 * steps - step) / steps)
    }
    finding.growth =
      index % 2 == 0 ? Rate(perSecond: 0.06 * Double(index), low: 0.01, high: 0.2) : nil
    finding.oldest = Age(seconds: 90 * Double(index + 1), bound: index % 2 == 0 ? .exact : .atLeast)
    finding.localPort = index % 3 == 0 ? nil : UInt16(9000 + index)
    finding.evidence = [.survivors(count: 11 * index, patienceSeconds: 60)]
    finding.doubts = lifecycle == .pending ? [.watchedTooShort, .poolOrLeak] : []
    finding.runtime = index % 2 == 0 ? .go : .jvm
    if lifecycle == .firing { finding.firingSince = now.advanced(bySeconds: -500) }
    if rule == .timeWaitPortExhaustion {
      var forecast = Forecast(resource: .ephemeralPorts, used: 27_900, limit: 28_232)
      forecast.seconds = 140
      finding.forecast = forecast
      finding.evidence.append(
        .portsInUse(
          used: 27_900, capacity: 28_232, source: ListedHost.address("192.0.2.1"),
          destination: Endpoint(ListedHost.address("203.0.113.9"), 5432)))
    }
    if rule == .acceptQueueStall {
      finding.forecast = Forecast(resource: .acceptQueue, used: finding.sockets, limit: 129)
    }
    return finding
  }

  private static func owner(_ index: Int) -> Owner {
    switch index % 4 {
    case 0: Owner(.unit, "payments-worker@\(index).service")
    case 1: Owner(.container, String(repeating: "4f9c2b7e81a0", count: 5) + "0\(index + 100)")
    case 2: Owner(.program, "java")
    default: Owner(.kernel, "")
    }
  }

  private static func state(_ rule: RuleID) -> TCPState {
    switch rule {
    case .finWait2Owned: .finWait2
    case .finWait1Pileup: .finWait1
    case .lastAckPileup: .lastAck
    case .closingPileup: .closing
    case .timeWaitPortExhaustion, .timeWaitBucketOverflow: .timeWait
    case .synRecvPileup: .synRecv
    case .synSentPileup: .synSent
    case .establishedIdleGrowth: .established
    default: .closeWait
    }
  }

  private static var cost: SelfCost {
    var cost = SelfCost()
    cost.intervalSeconds = 10
    cost.cheapLooks = 14_280
    cost.fullLooks = 2880
    cost.turnWallSeconds = 0.0123
    cost.totalCPUSeconds = 221.4
    return cost
  }

  private static var namespaces: [NamespaceAccount] {
    var first = namespace(own, [.listen: 12, .established: 703, .timeWait: 41, .finWait2: 2])
    first.sample.isOwn = true
    var second = namespace(NetnsID(rawValue: 4_026_532_201), [.listen: 2, .established: 40])
    second.sample.name = "blue"
    let third = namespace(NetnsID(rawValue: 4_026_532_307), [.listen: 3, .established: 12])
    return [first, second, third]
  }

  private static func namespace(_ id: NetnsID, _ states: [TCPState: Int]) -> NamespaceAccount {
    var account = NamespaceAccount(NamespaceSample(id: id))
    account.states = StateCounts(states)
    return account
  }

  /// Two days of samples; CLOSE_WAIT grows in the last hour.
  private static func timeline(closeWait: Int) -> StateTimeline {
    var timeline = StateTimeline()
    var at = now.advanced(bySeconds: -172_800)
    while at <= now {
      let ago = now.seconds(since: at)
      // A day has a shape: two triangles, the smaller one at noon.
      let hour = Int(ago / 3600)
      let busy = 500 + 12 * abs(12 - hour % 24) + (hour % 7) * 9
      timeline.add(
        [
          .established: busy + 100 + Int(ago / 60) % 11, .timeWait: 30 + busy / 40,
          .listen: 17, .finWait2: hour % 5 == 0 ? 2 : 0,
          .closeWait: max(0, closeWait - Int(ago * 0.12)),
        ], at: at)
      at = at.advanced(bySeconds: 60)
    }
    return timeline
  }
}
