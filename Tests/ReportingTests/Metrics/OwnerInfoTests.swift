// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

@testable import Reporting

/// Which pod an owner is, on the page of metrics.
@Suite struct OwnerInfoTests {
  private static func id(_ number: Int) -> String {
    let digits = String(number, radix: 16)
    return digits + String(repeating: "0", count: 64 - digits.count)
  }

  private static func pod(_ number: Int, isNamed: Bool = true) -> Owner {
    let id = id(number)
    let uid = "2f1b1b0e-5c1d-4d8e-9f5b-" + id.prefix(12)
    let names = ContainerNames(container: "app", pod: "checkout-\(number)", namespace: "payments")
    var process = ProcessRecord(id: ProcessID(pid: Int32(number), startTicks: 1))
    process.container = id
    process.cgroup = "/kubepods/burstable/pod\(uid)/\(id)"
    if isNamed { process.names = names }
    return process.owner
  }

  private static func snapshot(_ pods: [Owner]) -> DaemonSnapshot {
    var snapshot = MetricsPageTests.host
    snapshot.picture.owners = pods.enumerated().map { index, owner in
      var account = OwnerAccount(owner)
      account.states = StateCounts([.closeWait: index + 1])
      account.stuck = account.states
      return account
    }
    return snapshot
  }

  private static func read(_ snapshot: DaemonSnapshot) throws -> ExpositionText {
    try ExpositionText(MetricsPage(snapshot).bytes(.prometheusText))
  }

  @Test func `what a container is called stands in one series, beside numbers without it`() throws {
    let page = try Self.read(Self.snapshot([Self.pod(0xabc)]))
    let info = page.samples.filter { $0.name == "closewatch_owner_info" }
    #expect(
      info.map(\.labels) == [
        [
          "owner_kind": "container", "owner_name": "abc000000000", "container_id": Self.id(0xabc),
          "container_name": "app", "pod_name": "checkout-2748", "pod_namespace": "payments",
          "pod_uid": "2f1b1b0e-5c1d-4d8e-9f5b-abc000000000", "qos_class": "Burstable",
        ]
      ])
    let others = page.samples.filter { $0.name != "closewatch_owner_info" }
    #expect(others.contains { $0.labels["owner_name"] == "abc000000000" })
    #expect(!others.contains { $0.labels.values.contains { $0.contains("checkout") } })
    #expect(!others.contains { $0.labels["pod_name"] != nil })
  }

  @Test func `the number series are the same before and after a name is known`() throws {
    let before = try Self.read(Self.snapshot([Self.pod(7, isNamed: false)]))
    let after = try Self.read(Self.snapshot([Self.pod(7)]))
    let numbers = { (page: ExpositionText) in
      page.samples.filter { $0.name != "closewatch_owner_info" }
        .map { "\($0.name)\($0.labels.sorted { $0.key < $1.key })" }.sorted()
    }
    #expect(numbers(before) == numbers(after))
    let info = try #require(before.samples.first { $0.name == "closewatch_owner_info" })
    #expect(info.labels["container_id"] == Self.id(7))
    #expect(info.labels["pod_name"] == "" && info.labels["qos_class"] == "Burstable")
  }

  @Test func `a unit and a program are no container`() throws {
    let page = try Self.read(MetricsPageTests.host)
    #expect(!page.samples.contains { $0.name == "closewatch_owner_info" })
  }

  @Test func `a finding of a container that has no sockets left still says which it is`() throws {
    var snapshot = Self.snapshot([])
    var finding = FoundLeak.closeWait()
    finding.owner = Self.pod(9)
    snapshot.findings = [finding]
    let page = try Self.read(snapshot)
    #expect(page.value("closewatch_owner_info", ["pod_name": "checkout-9"]) == 1)
  }

  @Test func `pods that come and go in an hour stay within the bound, the rest with its count`()
    throws
  {
    // Ten alive at a time, 200 in the hour; what has ended is told for an hour.
    var names: Set<String> = []
    var most = 0
    for minute in 0..<60 {
      let alive = (minute * 200 / 60..<minute * 200 / 60 + 10).map { Self.pod($0 + 1) }
      var snapshot = Self.snapshot(alive)
      snapshot.findings = (0..<minute * 200 / 60).map { number in
        var finding = FoundLeak.closeWait(lifecycle: .resolved, id: "close-wait-leak/\(number)")
        finding.owner = Self.pod(number + 1)
        let how = FindingEnd.How.exited(ProcessID(pid: 4711, startTicks: 4711))
        finding.end = FindingEnd(how: how, at: BootInstant(seconds: 990), gone: 80, members: 80)
        return finding
      }
      let page = try Self.read(snapshot)
      most = max(most, page.samples.count)
      names.formUnion(page.samples.compactMap { $0.labels["pod_name"] })
    }
    let quiet = try Self.read(Self.snapshot([])).samples.count
    let bounds = MetricsPage.Bounds()
    // An ended finding has two series, its end and its owner; a pod six of its own.
    #expect(most <= quiet + 2 * bounds.findings + 10 * 7)
    #expect(names.count > 100)
    // All 200 at once.
    let crowd = try Self.read(Self.snapshot((1...200).map { Self.pod($0) }))
    let named = crowd.samples.filter { $0.name == "closewatch_owner_info" }
    #expect(named.count == bounds.owners)
    #expect(crowd.value("closewatch_owner_sockets_folded") == Double(200 - bounds.owners))
    let sum = crowd.samples.filter { $0.name == "closewatch_owner_sockets" }
      .reduce(0) { $0 + $1.value }
    #expect(sum == 20100)
    #expect(crowd.value("closewatch_series_omitted") == 0)
  }
}
