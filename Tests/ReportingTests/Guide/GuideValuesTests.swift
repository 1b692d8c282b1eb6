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
    values.opener = 5
    values.peer = 6
    values.hardLimit = 4096
    #expect(
      GuidePlaceholder.allCases.map { values.text(for: $0) }
        == ["1", "2", "3", "4", "[::1]:80", "::1", "a.service", "0a", "5", "6", "4096", ""])
  }
}
