// SPDX-License-Identifier: Apache-2.0

import KernelTables
import TestSupport
import Testing

/// No address, host or user name is left in any cell of a redacted recording.
@Suite struct RedactionSecretTests {
  private static let names = KnownNames(
    hosts: ["db01.acme.example", "db01", "Build-Host"], users: ["alice", "bob.smith", "al"])
  /// Whatever stands in a text, and what may not be found of it.
  private static let secrets: [(text: String, secret: String)] = [
    ("10.20.30.40", "10.20.30.40"), ("::ffff:10.20.30.40", "10.20.30.40"),
    ("[::FFFF:172.16.254.3]:443", "172.16.254.3"), ("ip-10-20-30-41", "10-20-30-41"),
    ("3-10.20.30.42:22-198.18.4.77:51234", "10.20.30.42"),
    ("3-10.20.30.42:22-198.18.4.77:51234", "198.18.4.77"),
    ("sshd@3-10.20.30.42:22-198.18.4.77:51234.service", "198.18.4.77"),
    ("2a00:1450:4001:82b::200e", "2a00:1450:4001:82b::200e"),
    ("2A00:1450:4001:82B:0:1:2:3", "2a00:1450:4001:82b:0:1:2:3"),
    ("[2a02:8071:b:c::7]:443", "2a02:8071:b:c::7"),
    ("fe80::1c2d:3eff:fe4f:5a6b%wlan-home", "fe80::1c2d:3eff:fe4f:5a6b"),
    ("fe80::1c2d:3eff:fe4f:5a6b%wlan-home", "wlan-home"),
    ("alice", "alice"), ("Alice's", "alice"), ("home-bob.smith", "bob.smith"),
    ("DB01.acme.example", "db01"), ("api.db01.acme.example", "acme"),
    ("build-host", "build-host"), ("syncthing@alice.service", "alice"),
  ]

  private static func plant(_ look: inout RecordedSample, _ random: inout SeededGenerator) {
    let addresses = secrets.map(\.secret).compactMap { AddressText.parse(Array($0.utf8)[...]) }
    for index in look.sample.sockets.indices {
      look.sample.sockets[index].localAddress = addresses.randomElement(using: &random) ?? .anyIPv4
      look.sample.sockets[index].remoteAddress = addresses.randomElement(using: &random) ?? .anyIPv4
    }
    for index in look.sample.connects.indices {
      look.sample.connects[index].remote.address =
        addresses.randomElement(using: &random) ?? .anyIPv4
    }
    for index in look.report.caught.indices {
      look.report.caught[index].hunt.remote.address =
        addresses.randomElement(using: &random) ?? .anyIPv4
    }
  }

  @Test(arguments: 1...23 as ClosedRange<UInt64>)
  func `nothing that was planted in any column is in the files`(seed: UInt64) {
    var random = RandomLooks(seed: seed, planted: Self.secrets.map(\.text))
    var generator = SeededGenerator(seed: seed)
    var redaction = Redaction(Self.names)
    var planted = 0
    for _ in 0..<3 {
      var look = random.look(sockets: 53)
      Self.plant(&look, &generator)
      let written = redaction.redacted(look)
      for (before, after) in zip(look.files(), written.files()) {
        let (before, after) = (
          String(decoding: before.bytes, as: UTF8.self).lowercased(),
          String(decoding: after.bytes, as: UTF8.self).lowercased()
        )
        for (_, secret) in Self.secrets {
          planted += before.contains(secret) ? 1 : 0
          if after.contains(secret) {
            let line = after.split(separator: "\n").first { $0.contains(secret) } ?? ""
            Issue.record("\(secret) in: \(line)")
          }
        }
      }
    }
    // In look.txt, namespaces, sockets, processes, gaps and caught.
    #expect(planted > 100)
  }

  private func process(_ change: (inout ProcessRecord) -> Void) -> ProcessRecord {
    var process = ProcessRecord(id: ProcessID(pid: 1, startTicks: 1))
    change(&process)
    var report = HolderReport()
    report.processes = [process]
    var redaction = Redaction(Self.names)
    let sample = Sample(takenAt: BootInstant(seconds: 1), wallClockSeconds: 1, states: .all)
    return redaction.redacted(RecordedSample(sample: sample, report: report)).report.processes[0]
  }

  @Test(arguments: [
    ("sshd@3-10.20.30.40:22-203.0.113.77:51234.service", "sshd@instance-1.service"),
    ("postgresql@15-main.service", "postgresql@instance-1.service"),
    ("user@1000.service", "user@1001.service"), ("nginx.service", "nginx.service"),
    ("alice-sync.service", "user-1-sync.service"), ("getty@.service", "getty@.service"),
    ("ip-10-20-30-40.service", "ip-192-0-2-1.service"),
  ])
  func `a unit keeps what it is and loses whose it is`(before: String, after: String) {
    let process = process {
      $0.unit = before
      $0.cgroup = "/system.slice/" + before
    }
    #expect(process.unit == after)
    #expect(process.cgroup == "/system.slice/" + after)
  }

  @Test(arguments: 1...7 as ClosedRange<UInt64>)
  func `no name of a pod, its namespace or a container is in the files`(seed: UInt64) {
    var random = RandomLooks(seed: seed)
    var redaction = Redaction(Self.names)
    let secrets = ["checkout-7f9c", "payments", "ledger-app"]
    for _ in 0..<3 {
      var look = random.look(sockets: 53)
      for index in look.report.processes.indices {
        look.report.processes[index].names = ContainerNames(
          container: secrets[2], pod: secrets[0], namespace: secrets[1])
      }
      let redacted = redaction.redacted(look)
      let before = look.files().map { String(decoding: $0.bytes, as: UTF8.self) }
      let texts = redacted.files().map { String(decoding: $0.bytes, as: UTF8.self) }
      for secret in secrets {
        #expect(before.contains { $0.contains(secret) })
        #expect(!texts.contains { $0.contains(secret) })
      }
      // What is equal stays equal, in all looks.
      let first = ContainerNames(container: "container-1", pod: "pod-1", namespace: "namespace-1")
      #expect(redacted.report.processes.allSatisfy { $0.names == first })
    }
  }

  @Test(arguments: [
    ("nginx", "nginx"), ("sshd: alice", "sshd: user-1"), ("al", "user-3"), ("xal", "xal"),
    // The kernel cuts a name after 15 bytes.
    ("work-bob.smith!", "work-user-2!"), ("worker-x-bob.sm", "worker-x-user-2"),
    ("worker-xy-db01.", "worker-xy-host-1"), ("10.20.30.40:22", "192.0.2.1:22"),
    ("kworker/3:1H", "kworker/3:1H"), ("Foo::Bar", "Foo::Bar"), ("std::vec", "std::vec"),
  ])
  func `a command keeps its words and loses names and addresses`(before: String, after: String) {
    #expect(process { $0.command = before }.command == after)
  }

  @Test func `an address in a text becomes the same as that of a socket`() {
    var sample = Sample(takenAt: BootInstant(seconds: 1), wallClockSeconds: 1, states: .all)
    var row = SocketRow()
    row.remoteAddress = IPAddress(ipv4: 0x0a14_1e29)
    row.localAddress = IPAddress(ipv4: 0x0a14_1e28)
    sample.sockets = [row]
    var process = ProcessRecord(id: ProcessID(pid: 1, startTicks: 1))
    process.command = "c-10.20.30.41"
    var report = HolderReport()
    report.processes = [process]
    var redaction = Redaction()
    let look = redaction.redacted(RecordedSample(sample: sample, report: report))
    #expect(
      look.report.processes[0].command == "c-\(look.sample.sockets[0].remoteAddress)")
  }
}
