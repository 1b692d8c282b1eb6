// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// What a pod is called, from a real containerd and the kubelet's links to whoever is paged.
@Suite(.serialized) struct PodTests {
  private static let linked = String(repeating: "0123456789abcdef", count: 4)
  private static let annotated = String(repeating: "fedcba9876543210", count: 4)
  private static let uid = "2f1b1b0e-5c1d-4d8e-9f5b-1f0e2d3c4b5a"
  private static let otherUID = "8e9f5b1f-0e2d-4c4b-8a2f-1b1b0e5c1d4d"
  private static let checkout = "pod checkout-7f9c/payments (container app)"
  private static let cart = "pod cart-0/shop (container web)"

  private static func owner(_ id: String) -> String { String(id.prefix(12)) }

  @Test(
    .requires(
      .root, .networkNamespaces, .mountNamespaces, .pidNamespaces, .socketDiagnostics,
      .command("containerd"), .command("ctr"), .command("podman"), .command("runc"),
      .command("gcc"),
      .command("journalctl"), .command("curl"), .command("ip"), .command("prometheus"),
      .command("prometheus-alertmanager"), .command("systemd-socket-activate"),
      .command("unshare")))
  func `what containerd and podman run is called by its name wherever it is told`() throws {
    let fleet = try Fleet(["node-1"])
    let node = try ContainerNode(fleet["node-1"], folder: fleet.directory.path)
    defer { try? node.end() }
    // One by the link alone, one by what the runtime keeps.
    try node.startPod(
      uid: Self.uid, id: Self.linked, link: "checkout-7f9c_payments_app")
    try node.startPod(
      uid: Self.otherUID, id: Self.annotated, link: nil,
      annotations: [
        "io.kubernetes.cri.container-name": "web", "io.kubernetes.cri.sandbox-name": "cart-0",
        "io.kubernetes.cri.sandbox-namespace": "shop",
      ])
    let web = try node.startPodman(named: "web-1")
    try fleet.startDaemon(on: node.host)
    try fleet.startMonitoring()

    let told = try fleet.waitForAlert(
      "ClosewatchCloseWaitLeak", "firing", of: Self.owner(Self.linked))
    #expect(told.annotations["summary"]?.hasPrefix("\(Self.checkout) on node-1: ") == true)
    #expect(told.annotations["description"]?.hasPrefix("\(Self.checkout): ") == true)
    let other = try fleet.waitForAlert(
      "ClosewatchCloseWaitLeak", "firing", of: Self.owner(Self.annotated))
    #expect(other.annotations["summary"]?.hasPrefix("\(Self.cart) on node-1: ") == true)
    let plain = try fleet.waitForAlert(
      "ClosewatchCloseWaitLeak", "firing", of: Self.owner(web))
    #expect(plain.annotations["summary"]?.hasPrefix("container web-1 on node-1: ") == true)
    // Names are on no label: an alert stays the same when they become known.
    for text in told.labels.values { #expect(!text.contains("checkout"), "\(text)") }

    try isInMetrics(fleet)
    try isInJournal(node.host)
    let triage = try Self.words(of: "\(Command.path) triage -v 2>&1", on: node.host)
    #expect(triage.contains("in \(Self.checkout)"), "\(triage)")
    #expect(triage.contains("in \(Self.cart)"), "\(triage)")
    #expect(triage.contains("in container web-1"), "\(triage)")
    // Also by a command that looks for itself.
    let alone = try Self.words(
      of: "\(Command.path) triage -v --no-daemon --for 5s 2>&1", on: node.host)
    #expect(alone.contains(Self.checkout) && alone.contains(Self.cart), "\(alone)")
    let counted = try node.host.run("\(Command.path) sockets --by unit 2>&1")
    #expect(counted.contains { $0.contains("pod checkout-7f9c/payments") }, "\(counted)")
    let page = try node.host.run("curl -s http://127.0.0.1:\(Fleet.port)/")
    #expect(page.contains { $0.contains(Self.checkout) }, "the status page has no name")
  }

  private func isInMetrics(_ fleet: Fleet) throws {
    let rows = try fleet.query("closewatch_owner_info").series
    let found = try #require(rows.first { $0.metric["container_id"] == Self.linked })
    for (label, value) in [
      "pod_name": "checkout-7f9c", "pod_namespace": "payments", "container_name": "app",
      "pod_uid": Self.uid, "qos_class": "Burstable", "owner_name": Self.owner(Self.linked),
    ] {
      #expect(found.metric[label] == value, "\(label)")
    }
    let joined = try fleet.query(
      """
      sum by (pod_namespace, pod_name) (closewatch_owner_sockets{state="close_wait"}
        * on (job, instance, owner_kind, owner_name) group_left (pod_namespace, pod_name)
        closewatch_owner_info)
      """
    ).series
    #expect(Set(joined.compactMap { $0.metric["pod_name"] }) == ["checkout-7f9c", "cart-0"])
    #expect(joined.allSatisfy { $0.value > 10 }, "\(joined)")
  }

  private func isInJournal(_ host: FleetHost) throws {
    for (field, value) in [
      "CLOSEWATCH_POD": "checkout-7f9c", "CLOSEWATCH_POD_NAMESPACE": "payments",
      "CLOSEWATCH_CONTAINER_NAME": "app", "CLOSEWATCH_POD_UID": Self.uid,
      "CLOSEWATCH_CONTAINER": Self.linked, "CLOSEWATCH_QOS_CLASS": "Burstable",
    ] {
      let lines = try host.run("journalctl -q -o cat --no-pager \(field)=\(value) 2>&1")
      #expect(lines.contains { $0.contains(Self.checkout) }, "\(field): \(lines)")
    }
    let history = try Self.words(of: "\(Command.path) history 2>&1", on: host)
    #expect(history.contains("in \(Self.checkout)"), "\(history)")
  }

  /// What a command writes, wherever it breaks its lines.
  private static func words(of command: String, on host: FleetHost) throws -> String {
    try host.run(command).flatMap { $0.split(separator: " ") }.joined(separator: " ")
  }
}

extension Fleet {
  /// Waits until any receiver was told of an alert about an owner.
  fileprivate func waitForAlert(
    _ name: String, _ status: String, of owner: String, seconds: Double = 90
  ) throws -> Notification.Alert {
    var found: Notification.Alert?
    _ = try waitFor("\(name) \(status) of \(owner)", seconds: seconds) {
      try ["page", "tickets", "chat"].flatMap { try notifications(to: $0) }.flatMap(\.alerts)
    } until: { alerts in
      found = alerts.last {
        $0.labels["alertname"] == name && $0.labels["owner_name"] == owner && $0.status == status
      }
      return found != nil
    }
    guard let found else { throw ChildProgram.Failure("\(name) is gone") }
    return found
  }
}
