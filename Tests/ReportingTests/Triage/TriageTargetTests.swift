// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import Testing

@Suite struct TriageTargetTests {
  private let host = ListedHost()

  @Test(arguments: [
    (TriageTarget.pid(4711), true), (.pid(99), true), (.pid(1), false),
    (.name("api"), true), (.name("api.service"), true), (.name("web"), false),
    (.port(18080), true), (.port(42720), true), (.port(80), false),
  ])
  func `a finding is about its culprits, its unit and its ports`(
    _ target: TriageTarget, _ isAdmitted: Bool
  ) {
    #expect(target.admits(FoundLeak.closeWait()) == isAdmitted)
  }

  @Test(arguments: ["python3 app.py", "app.py", "python3", "python3.11", "app-1", "checkout-7f9c"])
  func `a process is meant by any name that people know of it`(_ name: String) {
    var process = FoundLeak.process(812, "python3")
    process.executable = "/usr/bin/python3.11"
    process.main = "app.py"
    process.names = ContainerNames(container: "app-1", pod: "checkout-7f9c", namespace: "shop")
    var report = HolderReport()
    report.processes = [process]
    let target = TriageTarget.name(name)
    #expect(target.isSeen(in: host.sample, report))
    #expect(target.processes(in: host.sample, report).map(\.id.pid) == [812])
    for other in ["pyth", "", "app", "nginx"] {
      #expect(!TriageTarget.name(other).isSeen(in: host.sample, report))
    }
  }

  @Test func `what is not there is said in one line`() {
    for target in [TriageTarget.pid(1), .name("web"), .port(9)] {
      #expect(!target.isSeen(in: host.sample, host.report))
      #expect(!target.absence([], isRoot: true).contains("\n"))
    }
    for target in [TriageTarget.pid(4711), .name("nginx"), .port(5432)] {
      #expect(target.isSeen(in: host.sample, host.report))
    }
  }

  @Test func `where processes could not be read, nothing is said to be absent that they may hold`()
  {
    let gaps = [
      Gap(.descriptorsUnreadable, count: 2, detail: "why"), Gap(.runtimeUnread, detail: "why"),
    ]
    #expect(
      TriageTarget.pid(5).absence(gaps, isRoot: false)
        == "no process 5 is known to hold a TCP socket here: cannot look at the descriptors of "
        + "2 processes: run as root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH")
    #expect(
      TriageTarget.name("srv.py").absence(gaps, isRoot: true)
        == "no unit, program, container or pod that is called 'srv.py' is known to have a TCP "
        + "socket here: cannot look at the descriptors of 2 processes")
    // The tables show every port, whoever holds it.
    #expect(!TriageTarget.port(9).absence(gaps, isRoot: false).contains("root"))
  }
}
