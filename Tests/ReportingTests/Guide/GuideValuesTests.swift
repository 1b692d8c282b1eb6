// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Reporting
import Testing

@Suite struct GuideValuesTests {
  private func unit(_ name: String) -> String? {
    var values = GuideValues()
    values.unit = name
    return values.text(for: .unit)
  }

  @Test func `a service is named as it is, or quoted where a shell would change it`() {
    #expect(unit("nginx.service") == "nginx.service")
    #expect(unit("getty@tty1.service") == "getty@tty1.service")
    #expect(unit(#"a\x2db.service"#) == #"'a\x2db.service'"#)
    #expect(unit("$(reboot).service") == "'$(reboot).service'")
    #expect(unit("a';reboot'.service") == #"'a'\'';reboot'\''.service'"#)
  }

  @Test func `what systemctl restart must not be given is not a value`() {
    #expect(unit("docker-0a1b.scope") == nil)
    #expect(unit("user@1000.service") == nil)
    #expect(unit("system.slice") == nil)
    #expect(unit("-a.service") == nil)
    #expect(unit("a\u{1b}[2J.service") == nil)
    #expect(unit("\u{e9}.service") == nil)
  }

  @Test func `a container is named only by hexadecimal digits`() {
    var values = GuideValues()
    values.container = "0a1b2c"
    #expect(values.text(for: .container) == "0a1b2c")
    values.container = "0a1b;reboot"
    #expect(values.text(for: .container) == nil)
    values.container = ""
    #expect(values.text(for: .container) == nil)
  }

  @Test func `a namespace is entered through a member, else by its name, else not at all`() {
    var values = GuideValues()
    #expect(values.text(for: .netns) == "")
    values.namespaceName = "blue"
    #expect(values.text(for: .netns) == "nsenter --net=/run/netns/blue ")
    values.namespaceName = "a b"
    #expect(values.text(for: .netns) == "nsenter --net='/run/netns/a b' ")
    values.namespaceName = "../../tmp/x"
    #expect(values.text(for: .netns) == nil)
    values.namespaceMember = 812
    #expect(values.text(for: .netns) == "nsenter -t 812 -n ")
  }

  @Test func `every placeholder has a value when all is known, and none but netns when nothing is`()
  {
    var values = GuideValues()
    #expect(GuidePlaceholder.allCases.filter { values.text(for: $0) != nil } == [.netns])
    values.pid = 1
    values.fd = 2
    values.port = 3
    values.remotePort = 4
    values.remote = Endpoint(.loopbackIPv6, 80)
    values.unit = "a.service"
    values.container = "0a"
    (values.pod, values.podNamespace) = ("web-1", "shop")
    values.portRange = 32768...60999
    values.opener = 5
    values.peer = 6
    values.backend = Endpoint(.loopbackIPv6, 81)
    values.backendPID = 7
    values.softLimit = 1024
    values.hardLimit = 4096
    #expect(
      GuidePlaceholder.allCases.map { values.text(for: $0) }
        == [
          "1", "2", "3", "4", "[::1]:80", "::1", "a.service", "0a", "web-1", "shop", "5", "6",
          "[::1]:81", "7", "4096:", "60999", "",
        ])
  }

  @Test(
    arguments: [
      // Up to the hard limit; above it both are raised, which only root may.
      (1024, 524_288, "524288:"), (1024, 1024, "4096:4096"), (1024, nil, "4096:4096"),
      (524_288, .max, "1048576:"), (600_000, 600_000, "1048576:1048576"),
      (1_048_576, 1_048_576, nil), (nil, 4096, nil),
    ] as [(UInt64?, UInt64?, String?)])
  func `room is made up to the hard limit, else beyond it, never above what the kernel takes`(
    soft: UInt64?, hard: UInt64?, text: String?
  ) {
    var values = GuideValues()
    values.softLimit = soft
    values.hardLimit = hard
    #expect(values.text(for: .raisedLimit) == text)
  }

  @Test func `a range of ports is never narrowed`() {
    var values = GuideValues()
    values.portRange = 20000...65000
    #expect(values.text(for: .highestPort) == "65000")
    values.portRange = 1024...65535
    #expect(values.text(for: .highestPort) == nil)
  }

  @Test func `in a pod the pod is what is restarted, not its container`() {
    let id = String(repeating: "0a", count: 32)
    var process = ProcessRecord(id: ProcessID(pid: 1, startTicks: 1))
    process.container = id
    process.names = ContainerNames(container: "app", pod: "web-1", namespace: "shop")
    var values = GuideValues()
    values.take(placeOf: process)
    #expect(values.text(for: .container) == "0a0a0a0a0a0a" && values.text(for: .pod) == nil)
    process.cgroup = "/kubepods/pod2f1b1b0e-5c1d-4d8e-9f5b-1f0e2d3c4b5a/\(id)"
    values = GuideValues()
    values.take(placeOf: process)
    #expect(values.text(for: .container) == nil && values.text(for: .pod) == "web-1")
    #expect(values.text(for: .podNamespace) == "shop")
    values.pod = "a; reboot"
    #expect(values.text(for: .pod) == nil)
  }

  @Test func `a triage is narrowed to the unit, else the process, else the port`() {
    var values = GuideValues()
    #expect(values.target == nil)
    values.port = 80
    #expect(values.target == ":80")
    values.pid = 7
    #expect(values.target == "7")
    values.unit = "user@1000.service"
    #expect(values.target == "7")
    values.unit = "a b.service"
    #expect(values.target == "'a b.service'")
  }
}
