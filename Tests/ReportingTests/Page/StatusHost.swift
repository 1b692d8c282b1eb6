// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

@testable import Reporting

/// Hosts as the daemon's snapshot tells them, for the tests of the status page.
enum StatusHost {
  private static let own = NetnsID(rawValue: 4_026_531_840)
  private static let now = BootInstant(seconds: 100_000)

  /// A host that is well: 812 sockets in three namespaces, watched for two days.
  static var quiet: StatusInput {
    var metrics = MetricsInput()
    metrics.version = "1.2.3"
    metrics.sampler = sampler
    metrics.sampledAt = now
    metrics.connectionsRemembered = 97
    metrics.namespaces = namespaces
    metrics.listeners = (0..<12).map { index in
      ListenerNumbers(
        namespace: own, local: Endpoint(.anyIPv4, UInt16(8000 + index)),
        owner: Owner(.unit, "api.service"), queued: 0, limit: 4096)
    }
    metrics.web = WebNumbers()
    var input = StatusInput(metrics)
    input.timeline = timeline(closeWait: 0)
    input.sampleAgeSeconds = 3.4
    input.refreshSeconds = 30
    return input
  }

  /// The same with a leak, a queue that fills, ports in use and something that could not be read.
  static var leaking: StatusInput {
    var input = quiet
    input.metrics.findings = [leak()]
    input.metrics.namespaces[0].states[.closeWait] = 412
    input.timeline = timeline(closeWait: 412)
    var owner = StuckOwner(Owner(.unit, "api.service"))
    owner.stuck = [.closeWait: 397]
    owner.oldest = now.advanced(bySeconds: -3100)
    owner.descriptors = 436
    owner.descriptorLimit = 1024
    input.metrics.owners = [owner]
    input.metrics.listeners[0].queued = 37
    input.metrics.routes = [
      RouteNumbers(
        namespace: own, source: ListedHost.address("192.0.2.1"),
        destination: Endpoint(ListedHost.address("203.0.113.9"), 443), used: 9127,
        capacity: 28_232)
    ]
    input.metrics.gaps = [
      Gap(.descriptorsUnreadable, count: 8, detail: "/proc/812/fd: Permission denied (EACCES)")
    ]
    return input
  }

  /// 30 findings of every rule, life and severity, and three that have ended.
  static var crowded: StatusInput {
    var input = leaking
    input.metrics.findings = [leak(severity: .critical, id: "close-wait-leak:b")]
    for index in 0..<29 { input.metrics.findings.append(finding(index)) }
    input.metrics.findings.sort { life($0) < life($1) }
    for index in 0..<3 {
      var ended = finding(index)
      ended.lifecycle = .resolved
      ended.id = "ended-\(index)"
      input.metrics.findings.append(ended)
    }
    input.metrics.settings.isLastReloadGood = false
    input.metrics.sampler.isBackedOff = true
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
    let causes = RuleGuide.causes(of: rule)
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

  private static var sampler: SamplerNumbers {
    var sampler = SamplerNumbers()
    sampler.lookWallSeconds = 1_700_000_000
    sampler.fullLookWallSeconds = 1_700_000_000
    sampler.watchedSeconds = 172_800
    sampler.intervalSeconds = 10
    sampler.cheapLooks = 14_280
    sampler.fullLooks = 2880
    sampler.lookSeconds = 0.0031
    sampler.turnSeconds = 0.0123
    sampler.totalCPUSeconds = 221.4
    return sampler
  }

  private static var namespaces: [NamespaceNumbers] {
    var first = NamespaceNumbers(id: own)
    first.isOwn = true
    first.states = [.listen: 12, .established: 703, .timeWait: 41, .finWait2: 2]
    var second = NamespaceNumbers(id: NetnsID(rawValue: 4_026_532_201))
    second.name = "blue"
    second.states = [.listen: 2, .established: 40]
    var third = NamespaceNumbers(id: NetnsID(rawValue: 4_026_532_307))
    third.states = [.listen: 3, .established: 12]
    return [first, second, third]
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
