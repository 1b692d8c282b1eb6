// SPDX-License-Identifier: Apache-2.0

import Reporting
import Testing

/// What doctor says of the daemon.
@Suite struct DaemonCheckTests {
  private func check(_ change: (inout DaemonSight) -> Void = { _ in }) throws -> DoctorCheck {
    var sight = DoctorReportTests.daemonSight
    change(&sight)
    return try check(.answered(sight))
  }

  private func check(_ answer: DaemonAnswer) throws -> DoctorCheck {
    try DoctorReportTests.check("daemon", DoctorReportTests.report(daemon: answer))
  }

  @Test func `a daemon that works says since when, and how new its newest look is`() throws {
    let check = try check()
    #expect(check.state == .ok)
    #expect(check.found == "up for 3.2 h, last look 4.0 s ago, every 10 s")
  }

  @Test func `one for which the kernel counts connects says so`() throws {
    let check = try check { $0.countsConnects = true }
    #expect(check.state == .ok)
    #expect(check.found.hasSuffix(", connects are counted by the kernel"))
  }

  @Test func `each trouble is said, with its fix, and changes no verdict`() throws {
    let cases: [((inout DaemonSight) -> Void, String, String)] = [
      (
        {
          $0.newestLookSeconds = 300
          $0.failure = "cannot read any TCP table"
        }, "its looks fail: cannot read any TCP table", "journalctl"
      ),
      (
        { $0.newestLookSeconds = nil }, "has not looked yet; its looks fail", "journalctl"
      ),
      ({ $0.settingsError = "x.yaml:2:3: no" }, "settings not applied: x.yaml:2:3: no", "reload"),
      (
        {
          $0.isBackedOff = true
          $0.intervalSeconds = 40
        }, "every 40 s; a look costs more than cpu-budget allows: less often than every 10 s",
        "cpu-budget"
      ),
      (
        { $0.connectsUncounted = "CAP_BPF is missing" },
        "sampling.events is on, but connects are not counted: CAP_BPF is missing", "events.conf"
      ),
      ({ $0.journalLost = 3 }, "3 journal entries lost", "journald"),
      (
        { $0.pushFailure = "http://c: no route" }, "cannot push metrics to http://c: no route",
        "otlp"
      ),
    ]
    for (change, found, fix) in cases {
      let check = try check(change)
      #expect(check.state == .limited)
      #expect(!check.isNeeded)
      #expect(check.found.contains(found), "\(check.found)")
      #expect(check.fix?.contains(fix) == true, "\(check.fix ?? "")")
    }
  }

  @Test func `why there is no answer is said, with what to do`() throws {
    let cases: [(WithoutDaemon, DoctorCheck.State, String)] = [
      (.absent(path: "/x/y.sock"), .missing, "none answers on /x/y.sock"),
      (.denied, .limited, "root and the group closewatch only"),
      (.silent("not within 1.5 s"), .limited, "it does not answer: not within 1.5 s"),
    ]
    for (why, state, found) in cases {
      let check = try check(.none(why))
      #expect(check.state == state)
      #expect(check.found.contains(found), "\(check.found)")
      #expect(check.fix != nil)
    }
  }

  @Test func `what the daemon writes is read again as it was`() {
    var sight = DoctorReportTests.daemonSight
    #expect(DaemonSight(text: sight.text) == sight)
    sight.newestLookSeconds = nil
    sight.isBackedOff = true
    sight.failure = "open /proc/net/tcp: no"
    sight.settingsError = "a b: c"
    sight.journalLost = 7
    sight.pushFailure = "no route"
    sight.journalQueued = 8
    sight.countsConnects = true
    sight.connectsUncounted = "CAP_BPF is missing"
    #expect(DaemonSight(text: sight.text) == sight)
    #expect(DaemonSight(text: "new-thing 9\nbroken\nup-seconds x\n") == DaemonSight())
  }
}
