// SPDX-License-Identifier: Apache-2.0

import KernelTables
import TestSupport
import Testing

@Suite struct RedactionTests {
  private func address(_ text: String) throws -> IPAddress {
    try #require(AddressText.parse(Array(text.utf8)[...]), "\(text)")
  }

  private func redacted(_ texts: [String]) throws -> [String] {
    var redaction = RedactedAddresses()
    return try texts.map { redaction.redacted(try address($0)).description }
  }

  @Test func `addresses are numbered in the ranges for documentation`() throws {
    #expect(
      try redacted(["10.1.2.3", "8.8.8.8", "10.1.2.3", "2a00:1450::5", "fd00::1", "2a00:1450::5"])
        == ["192.0.2.1", "192.0.2.2", "192.0.2.1", "2001:db8::1", "2001:db8::2", "2001:db8::1"])
  }

  @Test func `loopback and wildcards stay, and link-local addresses stay link-local`() throws {
    #expect(
      try redacted([
        "127.0.0.1", "127.0.0.53", "::1", "0.0.0.0", "::", "169.254.169.254", "fe80::1:2:3",
      ]) == ["127.0.0.1", "127.0.0.53", "::1", "0.0.0.0", "::", "169.254.0.1", "fe80::1"])
  }

  @Test func `an address of a documentation range is not taken for a redacted one`() throws {
    #expect(try redacted(["10.0.0.1", "192.0.2.1"]) == ["192.0.2.1", "192.0.2.2"])
  }

  @Test func `many addresses stay different from each other, and none is left as it was`() {
    var redaction = RedactedAddresses()
    var seen: Set<IPAddress> = []
    for number in 0..<140_009 as Range<UInt32> {
      let real = IPAddress(ipv4: 0x0a00_0000 + number)
      let replacement = redaction.redacted(real)
      seen.insert(replacement)
      if replacement == real || !replacement.isIPv4 || replacement.isLoopback {
        Issue.record("\(real) became \(replacement)")
      }
    }
    #expect(seen.count == 140_009)
  }

  private func process(_ pid: Int32, uid: UInt32) -> ProcessRecord {
    var process = ProcessRecord(id: ProcessID(pid: pid, startTicks: 7))
    process.command = "worker"
    process.executable = "/opt/customer-acme/bin/worker (deleted)"
    process.arguments = ["--password", "hunter2"]
    process.uid = uid
    process.container = String(repeating: "ab", count: 32)
    process.cgroup =
      "/kubepods.slice/kubepods-pod12345678_9abc_def0_1234_56789abcdef0.slice/"
      + "cri-containerd-\(String(repeating: "ab", count: 32)).scope"
    process.unit = "user@1000.service"
    return process
  }

  @Test func `what names people, machines and containers goes, and what tells them apart stays`() {
    var report = HolderReport()
    report.processes = [
      process(1, uid: 0), process(2, uid: 1000), process(3, uid: 70000), process(4, uid: 1000),
    ]
    var sample = Sample(takenAt: BootInstant(seconds: 1), wallClockSeconds: 1, states: .all)
    sample.host.bootID = "1e2d"
    sample.host.kernelRelease = "6.18.44"
    var namespace = NamespaceSample(id: NetnsID(rawValue: 7))
    namespace.name = "acme-production"
    sample.namespaces = [namespace]
    var redaction = Redaction()
    let look = redaction.redacted(RecordedSample(sample: sample, report: report))
    #expect(look.sample.host.bootID == nil)
    #expect(look.sample.host.kernelRelease == "6.18.44")
    #expect(look.sample.namespaces.map(\.name) == ["netns-1"])
    #expect(look.report.processes.map(\.uid) == [0, 1001, 1002, 1001])
    let first = look.report.processes[0]
    let container = String((String(repeating: "000000000001", count: 6)).prefix(64))
    #expect(first.arguments == nil)
    #expect(first.command == "worker")
    #expect(first.executable == "worker (deleted)")
    #expect(first.container == container)
    #expect(
      first.cgroup == "/kubepods.slice/kubepods-pod00000000_0002_0000_0000_000200000000.slice/"
        + "cri-containerd-\(container).scope")
    #expect(first.unit == "user@1001.service")
  }

  @Test func `addresses of memory are numbered, so that equal images stay equal`() {
    var report = HolderReport()
    report.processes = [
      process(1, uid: 0), process(2, uid: 0), process(3, uid: 0), process(4, uid: 0),
    ]
    for (index, image) in [0x7ffc_1000, 0, 0x7ffd_2000, 0x7ffc_1000].enumerated() {
      report.processes[index].imageID = UInt64(image)
    }
    let sample = Sample(takenAt: BootInstant(seconds: 1), wallClockSeconds: 1, states: .all)
    var redaction = Redaction()
    let look = redaction.redacted(RecordedSample(sample: sample, report: report))
    #expect(look.report.processes.map(\.imageID) == [1, 0, 2, 1])
  }

  @Test(arguments: [
    ("/proc/812/fd: Permission denied (EACCES)", "/proc/812/fd: Permission denied (EACCES)"),
    (
      "setns /run/netns/acme: Operation not permitted (EPERM)",
      "setns /run/netns/netns-1: Operation not permitted (EPERM)"
    ),
    ("namespace acme: gone", "namespace netns-1: gone"),
    ("row 10.1.2.3:443 cut", "row [redacted] cut"),
    ("open '/home/bob/x' 'bob': no", "open '[redacted]' '[redacted]': no"),
    ("/proc/812/root/home: no", "[redacted]: no"),
    ("container 4f2a9c0e1d7b ended", "container [redacted] ended"),
    ("db1.example.com 12 rows", "[redacted] 12 rows"),
  ])
  func `a gap keeps the kernel's words and loses names`(before: String, after: String) {
    var sample = Sample(takenAt: BootInstant(seconds: 1), wallClockSeconds: 1, states: .all)
    var namespace = NamespaceSample(id: NetnsID(rawValue: 7))
    namespace.name = "acme"
    sample.namespaces = [namespace]
    sample.gaps = [Gap(.fileUnreadable, count: 3, detail: before)]
    var report = HolderReport()
    report.gaps = [Gap(.processesHidden, detail: before)]
    var redaction = Redaction()
    let look = redaction.redacted(RecordedSample(sample: sample, report: report))
    #expect(look.sample.gaps == [Gap(.fileUnreadable, count: 3, detail: after)])
    #expect(look.report.gaps == [Gap(.processesHidden, detail: after)])
  }

  @Test func `equal values stay equal and different ones different, across looks`() {
    var random = RandomLooks(seed: 31)
    var redaction = Redaction()
    var addresses: [IPAddress: IPAddress] = [:]
    var back: [IPAddress: IPAddress] = [:]
    for _ in 0..<5 {
      let look = random.look(sockets: 97)
      let clean = redaction.redacted(look)
      for (row, other) in zip(look.sample.sockets, clean.sample.sockets) {
        let real = [row.localAddress, row.remoteAddress]
        for (from, to) in zip(real, [other.localAddress, other.remoteAddress]) {
          #expect(addresses.updateValue(to, forKey: from) ?? to == to)
          #expect(back.updateValue(from, forKey: to) ?? from == from)
          #expect(from.isLoopback == to.isLoopback && from.isAny == to.isAny)
          #expect(from.isIPv4 == to.isIPv4)
        }
        #expect((row.uid == 0) == (other.uid == 0))
        // All other columns are as they were.
        var rest = other
        rest.localAddress = row.localAddress
        rest.remoteAddress = row.remoteAddress
        rest.uid = row.uid
        #expect(rest == row)
      }
      #expect(clean.report.holders == look.report.holders)
      #expect(clean.report.deadSockets == look.report.deadSockets)
    }
  }

  @Test func `redacting what is redacted changes nothing`() {
    var random = RandomLooks(seed: 32)
    var first = Redaction()
    var second = Redaction()
    let once = first.redacted(random.look(sockets: 53))
    let sockets = second.redacted(once).sample.sockets
    #expect(sockets == once.sample.sockets)
  }
}
