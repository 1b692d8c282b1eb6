// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Testing

@testable import Reporting

/// What a container is called wherever it is named.
@Suite struct ContainerWordsTests {
  private static let id = String(repeating: "0123456789abcdef", count: 4)

  private static func process(_ names: ContainerNames) -> ProcessRecord {
    var process = ProcessRecord(id: ProcessID(pid: 812, startTicks: 1))
    process.command = "app"
    process.container = id
    process.cgroup = "/kubepods.slice/cri-containerd-\(id).scope"
    process.unit = "cri-containerd-\(id).scope"
    process.names = names
    return process
  }

  private static let cases: [(ContainerNames, String)] = [
    (.unknown, "container 0123456789ab"),
    (ContainerNames(container: "web-1"), "container web-1"),
    (
      ContainerNames(container: "app", pod: "checkout-7f9c", namespace: "payments"),
      "pod checkout-7f9c/payments (container app)"
    ),
    (ContainerNames(container: nil, pod: "a", namespace: "b"), "pod a/b"),
    (ContainerNames(container: "app", pod: "a", namespace: nil), "container app"),
  ]

  @Test(arguments: cases)
  func `it is called by the best that is known`(names: ContainerNames, words: String) {
    let process = Self.process(names)
    #expect(process.containerTitle == words)
    #expect(process.owner.title == words)
    // What is known does not make another owner of it.
    #expect(process.owner == Owner(.container, "0123456789ab"))
    #expect(OwnerWords.name(process.owner, unicode: false) == words)
    #expect(PublicOwner.name(process.owner) == words)
  }

  private static func found(_ process: ProcessRecord) -> Finding {
    var finding = FoundLeak.closeWait()
    finding.owner = process.owner
    finding.culprits = [Culprit(process, role: .holder, sockets: 88, attribution: .descriptor)]
    return finding
  }

  @Test(arguments: cases)
  func `a finding says it instead of the scope with its 64 digits`(
    names: ContainerNames, words: String
  ) throws {
    let finding = Self.found(Self.process(names))
    let said = FindingWords(nil, style: TextStyle()).who(finding)
    #expect(said == "app[812] in \(words)")
    var nobody = finding
    nobody.culprits = []
    #expect(FindingWords(nil, style: TextStyle()).who(nobody) == words)
    // And so does what is read from the journal years later.
    let event = FindingEvent(kind: .firing, at: BootInstant(seconds: 990), finding: finding)
    let told = JournalEvent(event)
    let read = try JournalEvent(fields: told.fields)
    #expect(read.actor?.names == names)
    let fields = Dictionary(
      told.fields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    #expect(fields["CLOSEWATCH_POD"] == names.pod)
    #expect(fields["CLOSEWATCH_POD_NAMESPACE"] == names.namespace)
    #expect(fields["CLOSEWATCH_CONTAINER_NAME"] == names.container)
    #expect(fields["CLOSEWATCH_CONTAINER"] == Self.id)
  }

  @Test func `a container of a service of systemd is called after that service`() {
    var process = Self.process(ContainerNames(container: "web-1"))
    process.unit = "web.service"
    process.cgroup = "/system.slice/web.service/libpod-payload-\(Self.id)"
    let words = FindingWords(nil, style: TextStyle()).who(Self.found(process))
    #expect(words == "app[812] in web.service")
  }
}
