// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

@testable import Reporting

/// The body of a push, read back field by field. That it is what OTLP means, the system tests ask a
/// library.
@Suite struct OTLPExpositionTests {
  /// A message as its fields: by number, numbers as text.
  private struct Message {
    var fields: [(number: Int, bytes: ArraySlice<UInt8>)] = []
    var numbers: [Int: UInt64] = [:]

    init(_ bytes: ArraySlice<UInt8>) {
      var reader = ProtobufReader(bytes)
      while let field = reader.next() {
        switch field {
        case .delimited(let number, let bytes): fields.append((number, bytes))
        case .number(let number, let value): numbers[number] = value
        case .other: break
        }
      }
    }

    func all(_ number: Int) -> [Message] {
      fields.filter { $0.number == number }.map { Message($0.bytes) }
    }
    func text(_ number: Int) -> String {
      String(decoding: fields.first { $0.number == number }?.bytes ?? [], as: UTF8.self)
    }
    /// Of fields 7 or 1: `KeyValue`.
    func pairs(_ number: Int) -> [String: String] {
      Dictionary(uniqueKeysWithValues: all(number).map { ($0.text(1), $0.all(2)[0].text(1)) })
    }
  }

  private static let resource = OTLPResource(
    host: "web-1", version: "1.2.3", pid: 7, more: ["k8s.node.name": "n", "os.type": "other"])

  private func metrics(_ snapshot: DaemonSnapshot) -> [Message] {
    let bytes = MetricsPage(snapshot).request(of: Self.resource, at: 1_700_000_060)
    return Message(bytes[...]).all(1)[0].all(2)[0].all(2)
  }

  @Test func `what is set of the resource replaces what is known`() {
    let bytes = MetricsPage(MetricsPageTests.host).request(of: Self.resource, at: 1)
    let pairs = Message(bytes[...]).all(1)[0].all(1)[0].pairs(1)
    #expect(pairs["service.name"] == "closewatch")
    #expect(pairs["service.instance.id"] == "web-1")
    #expect(pairs["k8s.node.name"] == "n")
    #expect(pairs["os.type"] == "other")
    #expect(pairs.count == 8)
  }

  @Test func `each family of the page is one metric, and no other is`() throws {
    let page = try ExpositionText(MetricsPage(MetricsPageTests.host).bytes(.prometheusText))
    let names = metrics(MetricsPageTests.host).map { $0.text(1) }
    #expect(Set(names).count == names.count)
    let expected = MetricCatalog.all.filter { family in
      page.samples.contains { $0.name == family.sampleName }
    }.map { family in
      OTLPNames.convention(for: family)?.name
        ?? (family.kind == .info ? family.sampleName : family.name)
    }
    #expect(Set(names) == Set(expected))
  }

  @Test func `counters rise, amounts of the conventions are sums, all else are gauges`() {
    let metrics = metrics(MetricsPageTests.host)
    func metric(_ name: String) -> Message? { metrics.first { $0.text(1) == name } }
    let samples = metric("closewatch_samples")?.all(7)
    #expect(samples?.count == 1)
    #expect(samples?[0].numbers == [2: 2, 3: 1])
    #expect(metric("process.memory.usage")?.all(7).first?.numbers == [2: 2])
    #expect(metric("closewatch_sockets")?.all(5).count == 1)
    #expect(metric("closewatch_build_info")?.all(5).count == 1)
    #expect(metric("closewatch_last_sample_timestamp_seconds")?.text(3) == "s")
    // "1" would be a ratio to who makes Prometheus' names of it.
    #expect(metric("closewatch_sockets")?.text(3) == "")
  }

  @Test func `an empty label is no attribute, and a pod has the names of the conventions`() {
    let family = MetricCatalog.owner
    let values = [
      "container", "pod", "abc", "app", "checkout-7f9c", "payments", "u-1", "burstable",
    ]
    let pod = Dictionary(
      uniqueKeysWithValues: OTLPNames.attributes(of: family, values).map { ($0.key, $0.value) })
    #expect(
      pod == [
        "owner_kind": "container", "owner_name": "pod", "container.id": "abc",
        "k8s.container.name": "app", "k8s.pod.name": "checkout-7f9c",
        "k8s.namespace.name": "payments", "k8s.pod.uid": "u-1", "qos_class": "burstable",
      ])
    let alone = ["container", "web", "abc", "web", "", "", "", ""]
    let keys = OTLPNames.attributes(of: family, alone).map(\.key)
    #expect(keys == ["owner_kind", "owner_name", "container.id", "container.name"])
  }

  @Test func `the table of names speaks of labels and families that exist`() {
    let labels = Set(MetricCatalog.all.flatMap(\.labels))
    for (label, _) in OTLPNames.labels { #expect(labels.contains(label), "\(label)") }
    for convention in OTLPNames.metrics { #expect(MetricCatalog.all.contains(convention.family)) }
  }

  @Test func `a push is bounded as the page is`() {
    var snapshot = MetricsPageTests.host
    snapshot.picture.owners = (0..<5000).map { index in
      var owner = OwnerAccount(
        Owner(.program, "\(index)\u{1b}" + String(repeating: "x", count: 4000)))
      owner.stuck = StateCounts([.closeWait: index + 1])
      return owner
    }
    let bytes = MetricsPage(snapshot).request(of: Self.resource, at: 1)
    #expect(bytes.count < 300_000, "\(bytes.count)")
    let points = metrics(snapshot).reduce(0) { sum, metric in
      sum + (metric.all(5) + metric.all(7)).reduce(0) { $0 + $1.all(1).count }
    }
    #expect(points <= MetricsPage.Bounds().series)
  }
}
