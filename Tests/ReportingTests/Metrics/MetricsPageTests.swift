// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

@testable import Reporting

@Suite struct MetricsPageTests {
  private static let own = NetnsID(rawValue: 4_026_531_840)

  /// A host with one leak, and every kind of number.
  static var host: DaemonSnapshot {
    var snapshot = DaemonSnapshot(
      startedAt: BootInstant(seconds: 0), startedWallSeconds: 1_699_990_000)
    snapshot.version = "1.2.3"
    let newest = SampleSummary(
      takenAt: BootInstant(seconds: 1000), wallClockSeconds: 1_700_000_000.25,
      cost: SampleCost(), rows: 803)
    snapshot.newestSample = newest
    snapshot.fullSample = newest
    snapshot.fullSample?.wallClockSeconds = 1_699_999_990
    snapshot.cost.cheapLooks = 41
    snapshot.cost.fullLooks = 7
    snapshot.cost.intervalSeconds = 10
    snapshot.picture = picture
    snapshot.count(told(.firing, 3) + told(.resolved, 2))
    snapshot.findings = [FoundLeak.closeWait()]
    snapshot.gaps = [Gap(.descriptorsUnreadable, count: 8, detail: "")]
    snapshot.web = WebNumbers()
    snapshot.process = ProcessNumbers()
    snapshot.pushes = PushStatus()
    snapshot.pushes?.count(.accepted(rejected: 2, message: ""), of: "", at: 1_699_999_999)
    return snapshot
  }

  private static func told(_ kind: FindingEvent.Kind, _ count: Int) -> [FindingEvent] {
    var finding = FoundLeak.closeWait()
    if kind == .resolved {
      let how = FindingEnd.How.exited(ProcessID(pid: 4711, startTicks: 4711))
      finding.end = FindingEnd(how: how, at: BootInstant(seconds: 990), gone: 80, members: 80)
    }
    let event = FindingEvent(kind: kind, at: BootInstant(seconds: 990), finding: finding)
    return [FindingEvent](repeating: event, count: count)
  }

  private static var picture: HostPicture {
    var picture = HostPicture()
    picture.takenAt = BootInstant(seconds: 1000)
    picture.knowsEstablished = true
    var namespace = NamespaceAccount(NamespaceSample(id: own))
    namespace.sample.isOwn = true
    namespace.states = StateCounts([.closeWait: 88, .listen: 12, .established: 703])
    namespace.sample.counters.listenOverflows = 5
    namespace.sample.sockstat.orphans = 3
    namespace.sample.settings.areRead = true
    picture.namespaces = [namespace]
    var owner = OwnerAccount(Owner(.unit, "api.service"))
    owner.states = StateCounts([.established: 703, .closeWait: 88])
    owner.stuck = StateCounts([.closeWait: 83])
    owner.oldestStuck = BootInstant(seconds: 400)
    owner.descriptors = DescriptorUse(used: 112, limit: 1024)
    picture.owners = [owner]
    picture.listeners = [
      ListenerAccount(
        namespace: own, local: Endpoint(.anyIPv4, 80), owner: Owner(.unit, "api.service"),
        queued: 7, limit: 128)
    ]
    picture.routes = [
      RouteAccount(
        namespace: own, source: ListedHost.address("192.0.2.1"),
        destination: Endpoint(ListedHost.address("203.0.113.9"), 443), used: 11, capacity: 28232)
    ]
    return picture
  }

  private func read(
    _ snapshot: DaemonSnapshot, _ format: ExpositionFormat = .prometheusText,
    bounds: MetricsPage.Bounds = .init()
  ) throws -> ExpositionText {
    try ExpositionText(MetricsPage(snapshot, bounds: bounds).bytes(format))
  }

  @Test func `a page has the numbers of the snapshot`() throws {
    let page = try read(Self.host)
    #expect(page.value("closewatch_build_info", ["version": "1.2.3"]) == 1)
    #expect(page.value("closewatch_last_sample_timestamp_seconds") == 1_700_000_000.25)
    #expect(page.value("closewatch_samples_total", ["kind": "full"]) == 7)
    #expect(
      page.value("closewatch_sockets", ["netns_class": "own", "state": "close_wait"]) == 88)
    #expect(page.value("closewatch_gaps", ["kind": "descriptors-unreadable"]) == 8)
    #expect(page.value("closewatch_kernel_listen_overflows_total", ["netns": "own"]) == 5)
    let owner = ["owner_kind": "unit", "owner_name": "api.service"]
    let stuck = owner.merging(["state": "close_wait"]) { $1 }
    #expect(page.value("closewatch_owner_stuck_sockets", stuck) == 83)
    // 600 s before the sample of 1,700,000,000.25.
    let oldest = page.value("closewatch_owner_oldest_stuck_timestamp_seconds", owner)
    #expect(oldest == 1_699_999_400.25)
    #expect(page.value("closewatch_owner_descriptor_limit", owner) == 1024)
    let held = owner.merging(["state": "established"]) { $1 }
    #expect(page.value("closewatch_owner_sockets", held) == 703)
    let closing = owner.merging(["state": "closing"]) { $1 }
    #expect(page.value("closewatch_owner_sockets", closing) == nil)
    #expect(page.value("closewatch_finding_events_total", ["event": "firing"]) == 3)
    #expect(page.value("closewatch_finding_events_total", ["event": "worsened"]) == 0)
    #expect(page.value("closewatch_accept_queue_sockets", ["listen": "0.0.0.0:80"]) == 7)
    let route = ["source": "192.0.2.1", "destination": "203.0.113.9:443"]
    #expect(page.value("closewatch_ephemeral_ports_used", route) == 11)
  }

  @Test func `a finding is a series with its forecast and age`() throws {
    let page = try read(Self.host)
    let labels = [
      "finding": "close-wait-leak:a", "rule": "close-wait-leak", "owner_name": "api.service",
    ]
    let more = [
      "cause": "eof-unread", "severity": "warning", "lifecycle": "firing", "local_port": "18080",
      "netns": "own",
    ]
    #expect(page.value("closewatch_finding", labels.merging(more) { $1 }) == 1)
    #expect(page.value("closewatch_finding_sockets", labels) == 88)
    #expect(page.value("closewatch_finding_growth_sockets_per_second", labels) == 3.02)
    #expect(page.value("closewatch_finding_oldest_timestamp_seconds", labels) == 1_699_999_970.85)
    let firing = page.value("closewatch_finding_firing_since_timestamp_seconds", labels)
    #expect(firing == 1_699_999_988.25)
    let resource = labels.merging(["resource": "descriptors"]) { $1 }
    #expect(page.value("closewatch_finding_exhaustion_seconds", resource) == 302)
    let counted = ["rule": "close-wait-leak", "severity": "warning"]
    #expect(page.value("closewatch_findings_firing", counted) == 1)
  }

  @Test func `a resolved finding is no series, and a pending one is not counted as firing`() throws
  {
    var snapshot = Self.host
    snapshot.findings = [
      FoundLeak.closeWait(lifecycle: .resolved, id: "r"),
      FoundLeak.closeWait(lifecycle: .pending, id: "p"),
    ]
    let page = try read(snapshot)
    #expect(page.value("closewatch_finding", ["finding": "r"]) == nil)
    #expect(page.value("closewatch_finding", ["finding": "p", "lifecycle": "pending"]) == 1)
    #expect(page.value("closewatch_findings_firing", ["rule": "close-wait-leak"]) == 0)
    #expect(page.value("closewatch_findings_pending", ["rule": "close-wait-leak"]) == 1)
  }

  @Test func `how a finding ended is a series for an hour, and is counted for good`() throws {
    var ended = FoundLeak.closeWait(lifecycle: .resolved, id: "r")
    ended.end = FindingEnd(
      how: .exited(ProcessID(pid: 4711, startTicks: 4711)), at: BootInstant(seconds: 990), gone: 80,
      members: 80)
    var snapshot = Self.host
    snapshot.findings = [ended]
    let page = try read(snapshot)
    let labels = ["finding": "r", "how": "exited", "owner_name": "api.service"]
    #expect(
      page.value("closewatch_finding_ended_timestamp_seconds", labels) == 1_699_999_990.25)
    #expect(page.value("closewatch_finding_ends_total", ["how": "exited"]) == 2)
    #expect(page.value("closewatch_finding_ends_total", ["how": "closed"]) == 0)
  }

  @Test func `a consequence is a series with its root, and is in no total`() throws {
    var snapshot = Self.host
    var consequence = FoundLeak.closeWait(severity: .critical, id: "b")
    consequence.becauseOf = "close-wait-leak:a"
    snapshot.findings.append(consequence)
    let page = try read(snapshot)
    #expect(
      page.value("closewatch_finding", ["finding": "b", "because_of": "close-wait-leak:a"]) == 1)
    let total = ["rule": "close-wait-leak", "severity": "critical"]
    #expect(page.value("closewatch_findings_firing", total) == 0)
  }

  @Test func `states, rules and kinds of gaps that do not occur are there with 0`() throws {
    let page = try read(Self.host)
    for name in ["own", "named", "other"] {
      for state in TCPState.shown {
        let labels = ["netns_class": name, "state": state.name.lowercased()]
        #expect(page.value("closewatch_sockets", labels) != nil, "\(labels)")
      }
    }
    for rule in RuleID.allCases {
      #expect(page.value("closewatch_findings_pending", ["rule": rule.rawValue]) != nil)
    }
    for kind in Gap.Kind.allCases {
      #expect(page.value("closewatch_gaps", ["kind": kind.rawValue]) != nil)
    }
  }

  @Test func `before the first look there is no number of sockets, not a number of 0`() throws {
    let page = try read(DaemonSnapshot())
    #expect(page.value("closewatch_sockets") == nil)
    #expect(page.value("closewatch_last_sample_timestamp_seconds") == nil)
    #expect(page.value("closewatch_build_info") == 1)
  }

  @Test func `without a full look ESTABLISHED is missing, not 0`() throws {
    var snapshot = Self.host
    snapshot.fullSample = nil
    snapshot.picture.knowsEstablished = false
    let page = try read(snapshot)
    #expect(page.value("closewatch_sockets", ["state": "established"]) == nil)
    #expect(page.value("closewatch_owner_sockets", ["state": "established"]) == nil)
    #expect(page.value("closewatch_owner_sockets", ["state": "close_wait"]) == 88)
    #expect(page.value("closewatch_sockets", ["netns_class": "own", "state": "listen"]) == 12)
  }

  @Test(arguments: ExpositionFormat.allCases)
  func `every sample belongs to a described family of the catalogue`(
    _ format: ExpositionFormat
  ) throws {
    let page = try read(Self.host, format)
    #expect(page.isEnded == (format == .openMetrics))
    let known = Set(MetricCatalog.all.flatMap { [$0.sampleName, $0.name + "_created"] })
    for sample in page.samples {
      #expect(known.contains(sample.name), "\(sample.name)")
    }
    for family in MetricCatalog.all {
      let name = format == .openMetrics ? family.name : family.sampleName
      guard page.samples.contains(where: { $0.name == family.sampleName }) else {
        #expect(page.types[name] == nil, "\(name) has no samples")
        continue
      }
      #expect(page.types[name] != nil, "\(name)")
      #expect(page.helps[name] != nil, "\(name)")
      #expect(page.units[name] == (format == .openMetrics ? family.unit : nil), "\(name)")
    }
  }

  @Test func `OpenMetrics names counters and infos without their suffixes, and dates them`() throws
  {
    let page = try read(Self.host, .openMetrics)
    #expect(page.types["closewatch_samples"] == "counter")
    #expect(page.types["closewatch_build"] == "info")
    #expect(page.value("closewatch_samples_created", ["kind": "full"]) == 1_699_990_000)
    // Since when the kernel counts is not known.
    #expect(page.value("closewatch_kernel_listen_overflows_created") == nil)
    let text = try read(Self.host)
    #expect(text.types["closewatch_samples_total"] == "counter")
    #expect(text.types["closewatch_build_info"] == "gauge")
    #expect(text.value("closewatch_samples_created") == nil)
  }

  @Test func `names in the catalogue follow the rules of Prometheus`() {
    var names: Set<String> = []
    for family in MetricCatalog.all {
      let name = family.name
      #expect(names.insert(name).inserted, "\(name) is there twice")
      #expect(name.hasPrefix("closewatch_") || name.hasPrefix("process_"), "\(name)")
      #expect(name.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "_") })
      for suffix in ["_total", "_info", "_created", "_count", "_sum", "_bucket"] {
        #expect(!name.hasSuffix(suffix), "\(name)")
      }
      if let unit = family.unit { #expect(name.hasSuffix("_" + unit), "\(name)") }
      #expect(family.help.hasSuffix(".") || family.help.hasSuffix(")"), "\(name)")
      for label in ["type", "service", "env", "cluster", "zone", "owner", "instance", "job"] {
        #expect(!family.labels.contains(label), "\(name): targets have a label \(label)")
      }
    }
  }

  @Test func `what comes from the sample says that a scrape triggers none`() {
    let others = ["process_", "closewatch_web", "closewatch_journal", "closewatch_settings"]
    for family in MetricCatalog.sockets + MetricCatalog.owners + MetricCatalog.findings
      + MetricCatalog.kernel
    {
      #expect(family.help.contains("never triggers one"), "\(family.name)")
      #expect(!others.contains { family.name.hasPrefix($0) })
    }
  }

  // MARK: Bounds

  /// A host of 5,000 owners with names that a hostile program would choose.
  private static func crowd(_ count: Int) -> DaemonSnapshot {
    var snapshot = host
    let tails = [
      "\"", "\\", "\n", "\u{1b}[2J", String(repeating: "x", count: 4000), "\u{202e}", "é",
    ]
    snapshot.picture.owners = (0..<count).map { index in
      var owner = OwnerAccount(
        Owner(.program, "program \(index) " + tails[index % tails.count]))
      owner.stuck = StateCounts([.closeWait: index + 1, .finWait2: 1])
      owner.states = owner.stuck
      owner.deadSockets = index % 3
      return owner
    }
    snapshot.findings = (0..<count).map { FoundLeak.closeWait(id: "finding \($0)\n\"") }
    snapshot.picture.listeners = (0..<count).map { index in
      ListenerAccount(
        namespace: own, local: Endpoint(.anyIPv4, UInt16(index)), owner: nil, queued: index,
        limit: 128)
    }
    snapshot.picture.routes = (0..<count).map { index in
      RouteAccount(
        namespace: own, source: .anyIPv4, destination: Endpoint(.anyIPv4, UInt16(index)),
        used: index, capacity: 28232)
    }
    return snapshot
  }

  @Test(arguments: ExpositionFormat.allCases)
  func `5,000 owners make no more series than 50, and none is lost from the sums`(
    _ format: ExpositionFormat
  ) throws {
    let few = try read(Self.crowd(50), format)
    let many = try read(Self.crowd(5000), format)
    #expect(many.samples.count == few.samples.count)
    #expect(many.samples.count < 2000)
    #expect(
      Set(many.samples.map { "\($0.name)\($0.labels.sorted { $0.key < $1.key })" }).count
        == many.samples.count)
    let stuck = many.samples.filter {
      $0.name == "closewatch_owner_stuck_sockets" && $0.labels["state"] == "close_wait"
    }
    #expect(stuck.count == 21)
    #expect(stuck.reduce(0) { $0 + $1.value } == 12_502_500)
    #expect(many.value("closewatch_owners_folded") == 4980)
    let held = many.samples.filter {
      $0.name == "closewatch_owner_sockets" && $0.labels["state"] == "close_wait"
    }
    #expect(held.count == 21)
    #expect(held.reduce(0) { $0 + $1.value } == 12_502_500)
    #expect(many.value("closewatch_owner_sockets_folded") == 4980)
    #expect(many.value("closewatch_findings_folded") == 4950)
    #expect(many.value("closewatch_accept_queues_folded") == 4980)
    #expect(many.value("closewatch_ephemeral_port_destinations_folded") == 4980)
    #expect(many.value("closewatch_findings_firing", ["rule": "close-wait-leak"]) != nil)
    #expect(many.value("closewatch_series_omitted") == 0)
    for sample in many.samples {
      for value in sample.labels.values { #expect(value.utf8.count <= LabelValue.byteLimit) }
    }
  }

  @Test func `a page that hits its bound says so and still tells how the sampler does`() throws {
    var bounds = MetricsPage.Bounds()
    bounds.series = 100
    let page = try read(Self.crowd(50), bounds: bounds)
    #expect(page.samples.count == 100)
    #expect(page.value("closewatch_series_limit") == 100)
    #expect((page.value("closewatch_series_omitted") ?? 0) > 0)
    #expect(page.value("closewatch_last_sample_timestamp_seconds") != nil)
  }

  @Test func `members of a SO_REUSEPORT group are one series: the fullest`() throws {
    var snapshot = Self.host
    snapshot.picture.listeners = [3, 9, 5].map {
      ListenerAccount(
        namespace: Self.own, local: Endpoint(.anyIPv4, 80), owner: nil, queued: $0, limit: 16)
    }
    let page = try read(snapshot)
    let rows = page.samples.filter { $0.name == "closewatch_accept_queue_sockets" }
    #expect(rows.map(\.value) == [9])
    #expect(page.value("closewatch_accept_queues_folded") == 0)
  }

  @Test func `an unlimited descriptor limit of an owner is missing, and our own is +Inf`() throws {
    var snapshot = Self.host
    snapshot.picture.owners[0].descriptors?.limit = .max
    snapshot.process?.descriptorLimit = .max
    let page = try read(snapshot)
    #expect(page.value("closewatch_owner_descriptor_limit") == nil)
    #expect(page.value("process_max_fds") == .infinity)
    let text = String(decoding: MetricsPage(snapshot).bytes(.prometheusText), as: UTF8.self)
    #expect(text.contains("process_max_fds +Inf\n"))
  }
}
