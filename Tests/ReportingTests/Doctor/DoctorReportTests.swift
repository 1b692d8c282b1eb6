// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Reporting
import TestSupport
import Testing

@Suite struct DoctorReportTests {
  /// A host on which all is well.
  static var sight: HostSight {
    var sight = HostSight()
    sight.capabilities = HostSight.Capability.allCases.reduce(0) { $0 | 1 << $1.rawValue }
    sight.procOptions = ["rw", "relatime"]
    sight.processes = 97
    for ability in KernelAbility.allCases { sight.abilities[ability] = .yes }
    sight.kernelRelease = "6.18.4-generic"
    sight.cgroupMount = "/sys/fs/cgroup"
    sight.ownCgroup = .present
    sight.journal = .present
    return sight
  }

  /// A daemon with which all is well.
  static var daemonSight: DaemonSight {
    var sight = DaemonSight()
    sight.upSeconds = 11_520
    sight.newestLookSeconds = 4
    sight.intervalSeconds = 10
    sight.settledIntervalSeconds = 10
    return sight
  }

  static func report(
    _ sight: HostSight = sight, gaps: [Gap] = [], known: RowKnowledge = [.cookie, .tcpInfo],
    daemon: DaemonAnswer = .answered(daemonSight)
  ) -> DoctorReport {
    var sample = ListedHost().sample
    for index in sample.sockets.indices { sample.sockets[index].knowledge = known }
    return DoctorReport(sight, sample: sample, failure: nil, gaps: gaps, daemon: daemon)
  }

  static func check(_ name: String, _ report: DoctorReport) throws -> DoctorCheck {
    try #require(report.checks.first { $0.name == name })
  }

  @Test func `a host on which all is well is ok in every check, without a fix`() {
    let report = Self.report()
    #expect(report.state == .ok)
    #expect(report.checks.count == 10)
    for check in report.checks {
      #expect(check.state == .ok, "\(check)")
      #expect(check.fix == nil, "\(check)")
    }
  }

  @Test func `no look at all is missing, with its reason and a fix`() throws {
    let report = DoctorReport(
      Self.sight, sample: nil, failure: "cannot read any TCP table", gaps: [],
      daemon: .none(.denied))
    #expect(report.state == .missing)
    let check = try Self.check("socket-tables", report)
    #expect(check.found == "cannot read any TCP table")
    #expect(check.fix?.contains("AF_NETLINK") == true)
  }

  @Test func `rows without cookies or ages are limited, and say which`() throws {
    let noCookies = try Self.check("socket-tables", Self.report(known: [.tcpInfo]))
    #expect(noCookies.state == .limited)
    #expect(noCookies.found.contains("without cookies"))
    let noAges = try Self.check("socket-tables", Self.report(known: [.cookie]))
    #expect(noAges.state == .limited)
    #expect(noAges.found.contains("without ages"))
  }

  @Test func `each gap of the look limits the check that it belongs to`() throws {
    let cases: [(Gap.Kind, String)] = [
      (.dumpRefused, "socket-tables"), (.sourceLimited, "socket-tables"),
      (.namespaceNotRead, "namespaces"), (.namespaceUnknown, "namespaces"),
      (.processesHidden, "processes"), (.descriptorsUnreadable, "descriptors"),
    ]
    for (kind, name) in cases {
      let report = Self.report(gaps: [Gap(kind, count: 7, detail: "why it is so")])
      #expect(report.state == .limited, "\(kind)")
      let limited = report.checks.filter { $0.state != .ok }
      #expect(limited.map(\.name) == [name])
      #expect(limited.first?.fix != nil)
    }
  }

  @Test func `namespaces that were not read count as found`() throws {
    let gaps = [Gap(.namespaceNotRead, count: 2, detail: "")]
    let check = try Self.check("namespaces", Self.report(gaps: gaps))
    #expect(check.found == "3 network namespaces found: 2 not read")
  }

  @Test func `a lacking capability is named with what it is for`() throws {
    var sight = Self.sight
    sight.uid = 998
    sight.capabilities = 1 << HostSight.Capability.dacReadSearch.rawValue
    let check = try Self.check("capabilities", Self.report(sight))
    #expect(check.state == .limited)
    #expect(
      check.found
        == "uid 998 without CAP_SYS_PTRACE (whose sockets), CAP_SYS_ADMIN (other namespaces)")
  }

  @Test func `what a user namespace lacks is named before that it is one`() throws {
    var sight = Self.sight
    sight.isInOwnUserNamespace = true
    let whole = try Self.check("capabilities", Self.report(sight))
    #expect(whole.state == .limited)
    #expect(whole.found.contains("do not count outside"))
    sight.capabilities = 0
    let none = try Self.check("capabilities", Self.report(sight))
    #expect(none.found.hasPrefix("uid 0 without CAP_SYS_PTRACE"))
  }

  @Test func `in a pid namespace of its own it does not claim to see the host`() throws {
    var sight = Self.sight
    sight.isInOwnPIDNamespace = true
    sight.processes = 1
    let report = Self.report(sight)
    #expect(report.state == .limited)
    let check = try Self.check("processes", report)
    #expect(check.found.hasPrefix("1 process shows: this is a pid namespace of its own"))
    #expect(check.fix?.contains("--pid=host") == true)
  }

  @Test func `tables of other namespaces read from outside do not blame sock_diag`() throws {
    let gap = Gap(.sourceLimited, count: 3, detail: "/proc/net/tcp has no cookie")
    let outside = try Self.check("socket-tables", Self.report(gaps: [gap]))
    #expect(
      outside.found == "sock_diag answers here; of 3 other namespaces /proc/net/tcp has no cookie")
    #expect(outside.fix?.contains("CAP_SYS_ADMIN") == true)
    let refused = Gap(.dumpRefused, count: 1, detail: "sock_diag: no")
    let own = try Self.check("socket-tables", Self.report(gaps: [refused, gap]))
    #expect(own.found.hasPrefix("/proc/net/tcp instead of sock_diag"))
    #expect(own.fix?.contains("AF_NETLINK") == true)
  }

  @Test(arguments: KernelAbility.allCases)
  func `what the kernel lacks is named with what it costs, whatever its release`(
    _ ability: KernelAbility
  ) throws {
    var sight = Self.sight
    sight.abilities[ability] = .no
    let report = Self.report(sight)
    let check = try Self.check(ability.rawValue, report)
    #expect(check.state == .limited)
    #expect(check.found.hasPrefix("not in this kernel: "))
    #expect(try Self.check("kernel", report).found.contains(ability.rawValue) == false)
    // Without it dead sockets are missing from the verdicts; nothing else is.
    #expect((report.state == .limited) == (ability == .descriptorCopies))
    let isNeeded = ability == .descriptorCopies
    #expect(check.fix?.hasPrefix("none needed") == !isNeeded)
    #expect(check.fix?.hasSuffix(" or later") == isNeeded)
  }

  @Test(arguments: KernelAbility.allCases)
  func `what could not be tried is not called missing, and root is not told to be root`(
    _ ability: KernelAbility
  ) throws {
    var sight = Self.sight
    func untold(_ answer: KernelAbility.Answer?, uid: UInt32) throws -> DoctorCheck {
      sight.uid = uid
      sight.abilities[ability] = answer
      #expect(Self.report(sight).state == .ok)
      return try Self.check(ability.rawValue, Self.report(sight))
    }
    let refused = KernelAbility.Answer.untold("unshare: no (EPERM)", needsRights: true)
    #expect(try untold(refused, uid: 998).found.contains("not tried (unshare"))
    #expect(try untold(refused, uid: 998).fix == "run as root to have it tried")
    #expect(try untold(refused, uid: 0).fix == nil)
    let failed = KernelAbility.Answer.untold("unshare: no (ENOSPC)", needsRights: false)
    #expect(try untold(failed, uid: 998).fix == nil)
    #expect(try untold(nil, uid: 998).found.hasPrefix("not tried (it was not asked)"))
    #expect(try untold(nil, uid: 998).fix == nil)
  }

  @Test func `the kernel is shown with all that it can do`() throws {
    let found = try Self.check("kernel", Self.report()).found
    #expect(found.hasPrefix("Linux 6.18.4-generic: "))
    for ability in KernelAbility.allCases { #expect(found.contains(ability.rawValue)) }
  }

  @Test func `what only the daemon uses changes nothing of the verdict`() throws {
    var sight = Self.sight
    sight.journal = .absent
    sight.cgroupMount = nil
    let report = Self.report(sight, daemon: .none(.denied))
    #expect(report.state == .ok)
    #expect(try Self.check("journald", report).state == .missing)
    #expect(try Self.check("daemon", report).found.contains("the group closewatch only"))
    #expect(try Self.check("cgroups", report).state == .limited)
  }

  @Test func `the page of a host that is seen in part is the one that a person has read`() {
    var sight = Self.sight
    sight.uid = 998
    sight.capabilities = 0
    sight.journal = .absent
    let gaps = [Gap(.descriptorsUnreadable, count: 41, detail: "open /proc/1/fd: no")]
    let text = DoctorText(
      Self.report(sight, gaps: gaps, daemon: .none(.absent(path: "/run/closewatch/control.sock")))
    ).text(style: TextStyle())
    let difference = Golden.difference(text, "doctor-limited.txt")
    #expect(difference == nil)
    for line in text.split(separator: "\n") { #expect(line.utf8.count <= 79) }
  }
}
